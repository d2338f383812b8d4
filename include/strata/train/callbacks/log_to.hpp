#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/train/run.hpp>

#include <fstream>
#include <iomanip>
#include <limits>
#include <string>
#include <string_view>

namespace strata {

/// Writes the course of a run to a file: a line every `every` steps and for every evaluation, with step,
/// epoch, learning rate, loss and accuracy of the newest batch, seconds, and the evaluation's name, loss and
/// accuracy where there is one. The file is CSV with a header line if its name ends in .csv, JSON lines if it
/// ends in .jsonl.
///
/// Throws argument_error for another ending, file_error when the file cannot be written.
class log_to {
public:
    explicit log_to(std::string path, index every = 100) : m_path(std::move(path)), m_every(every) {
        const std::string_view name = m_path;
        m_json = name.ends_with(".jsonl");
        if (!m_json && !name.ends_with(".csv"))
            detail::fail<argument_error>("log_to: the file must end in .csv or .jsonl, got ", m_path);
        if (every < 1)
            detail::fail<argument_error>("log_to: lines every ", every, " steps, at least 1 is needed");
    }

    template <class Run> void begin(Run&) {
        m_file.open(m_path);
        m_file << std::setprecision(std::numeric_limits<float>::max_digits10);
        if (!m_json)
            m_file << "step,epoch,learning_rate,loss,accuracy,seconds,evaluated,evaluated_loss,evaluated_"
                      "accuracy\n";
        check();
    }
    template <class Run> void step(Run& run) { write(run, run.step() % m_every == 0 || run.is_last()); }
    template <class Run> void epoch(Run& run) { write(run, false); }
    template <class Run> void end(Run& run) {
        write(run, false);
        m_file.close();
        check();
    }

private:
    std::string m_path;
    index m_every, m_evaluated = 0, m_written = 0;
    bool m_json = false;
    std::ofstream m_file;

    void check() const {
        if (!m_file) detail::fail<file_error>(m_path, ": cannot be written");
    }
    template <class Run> void write(Run& run, bool due) {
        const bool fresh = run.newest && run.newest->step != m_evaluated;
        if (!fresh && (!due || run.step() == m_written)) return;
        m_written = run.step();
        const auto& last = run.last;
        if (m_json) {
            m_file << "{\"step\":" << run.step() << ",\"epoch\":" << run.epoch()
                   << ",\"learning_rate\":" << last.learning_rate << ",\"loss\":" << last.loss
                   << ",\"accuracy\":" << last.accuracy << ",\"seconds\":" << run.seconds();
            if (fresh)
                m_file << ",\"evaluated\":\"" << run.newest->name
                       << "\",\"evaluated_loss\":" << run.newest->result.loss
                       << ",\"evaluated_accuracy\":" << run.newest->result.accuracy;
            m_file << "}\n";
        } else {
            m_file << run.step() << ',' << run.epoch() << ',' << last.learning_rate << ',' << last.loss << ','
                   << last.accuracy << ',' << run.seconds() << ',';
            if (fresh)
                m_file << run.newest->name << ',' << run.newest->result.loss << ','
                       << run.newest->result.accuracy;
            else
                m_file << ",,";
            m_file << '\n';
        }
        if (fresh) m_evaluated = run.newest->step;
        m_file.flush();
        check();
    }
};

} // namespace strata
