#pragma once

#include <strata/core/error.hpp>
#include <strata/core/shape.hpp>
#include <strata/train/run.hpp>

#include <charconv>
#include <cmath>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <utility>

namespace strata {

/// Writes the course of a run to a file: a line every `every` steps, for every evaluation and for the last
/// step, with step, epoch, learning rate, loss and accuracy (means over the steps since the step that the
/// line before was for), seconds, and the evaluation's name, loss and accuracy where there is one. The file
/// is CSV with a header line if its name ends in .csv, JSON lines if it ends in .jsonl. Accuracies are left
/// out where there are no labels; a number that is not finite is null in JSON. A run that begins anew begins
/// the file anew; a resumed one appends to it.
///
/// Throws argument_error for another ending and for `every` below 1, file_error when the file cannot be
/// written.
class log_to {
public:
    static constexpr bool reports = true;

    explicit log_to(std::string path, index every = 100) : m_path(std::move(path)), m_every(every) {
        const std::string_view name = m_path;
        m_json = name.ends_with(".jsonl");
        if (!m_json && !name.ends_with(".csv"))
            detail::fail<argument_error>("log_to: the file must end in .csv or .jsonl, got ", m_path);
        if (every < 1)
            detail::fail<argument_error>("log_to: lines every ", every, " steps, at least 1 is needed");
    }

    template <class Run> void begin(Run& run) {
        m_means = {};
        m_written = run.step();
        const bool resumed = run.step() > 0;
        m_file.close();
        m_file.clear();
        m_file.open(m_path, resumed ? std::ios::app : std::ios::trunc);
        if (!m_json && (!resumed || m_file.tellp() == std::streampos(0)))
            m_file << "step,epoch,learning_rate,loss,accuracy,seconds,evaluated,evaluated_loss,evaluated_"
                      "accuracy\n";
        check();
    }
    template <class Run> void step(Run& run) {
        m_means.add(run.last);
        if (!run.is_last()) write_lines(run, run.step() % m_every == 0);
    }
    template <class Run> void end(Run& run) {
        write_lines(run, true);
        m_file.close();
        check();
    }
    template <class Run> void failed(Run&) { m_file.close(); }

private:
    std::string m_path;
    index m_every, m_written = 0;
    bool m_json = false;
    step_means m_means{};
    std::ofstream m_file;
    std::string m_line{};

    void check() const {
        if (!m_file) detail::fail<file_error>(m_path, ": cannot be written");
    }

    template <class Run> void write_lines(const Run& run, bool due) {
        if (run.step() == m_written) return;
        bool any = false;
        for (const measured& m : run.evaluations)
            if (m.step > m_written) {
                write(run, &m);
                any = true;
            }
        if (due && !any) write(run, nullptr);
        if (!due && !any) return;
        m_means = {};
        m_written = run.step();
        m_file.flush();
        check();
    }

    template <class Run> void write(const Run& run, const measured* m) {
        m_line.clear();
        number("step", run.step());
        number("epoch", run.epoch());
        number("learning_rate", run.last.learning_rate);
        number("loss", m_means.loss());
        number("accuracy", m_means.accuracy(), run.last.has_labels);
        number("seconds", std::round(run.seconds() * 1e6) / 1e6);
        text("evaluated", m ? m->name : "", m);
        number("evaluated_loss", m ? m->result.loss : 0, m);
        number("evaluated_accuracy", m ? m->result.accuracy : 0, m && m->result.has_labels);
        m_line += m_json ? "}\n" : "\n";
        m_file << m_line;
    }

    // Fields that are not there are left out of JSON and empty in CSV.
    void begin_field(std::string_view name, bool there) {
        if (m_json) {
            if (!there) return;
            m_line += m_line.empty() ? "{\"" : ",\"";
            m_line += name;
            m_line += "\":";
        } else if (!m_line.empty()) {
            m_line += ',';
        }
    }
    template <class Number> void number(std::string_view name, Number value, bool there = true) {
        begin_field(name, there);
        if (!there) return;
        if (m_json && !std::isfinite(static_cast<double>(value))) {
            m_line += "null";
            return;
        }
        char digits[32]; // to_chars knows no locale
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        m_line.append(digits, end);
    }
    void text(std::string_view name, std::string_view value, bool there) {
        begin_field(name, there);
        if (!there) return;
        const bool quoted = m_json || value.find_first_of(",\"\n\r") != std::string_view::npos;
        if (quoted) m_line += '"';
        for (const char c : value) {
            if (static_cast<unsigned char>(c) < ' ') {
                m_line += ' ';
                continue;
            }
            if (c == '"') m_line += m_json ? '\\' : '"';
            if (c == '\\' && m_json) m_line += '\\';
            m_line += c;
        }
        if (quoted) m_line += '"';
    }
};

} // namespace strata
