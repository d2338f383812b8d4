#pragma once

#include <strata/core/shape.hpp>
#include <strata/train/run.hpp>

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

namespace strata {

/// Shows how a run goes: a line every `every` steps and at the end, with loss and accuracy as means over the
/// steps since the line before and the evaluations since then; on a terminal, below them, a bar that moves,
/// drawn at most ten times a second and never wider than the terminal.
///
///     1100/2000  epoch 2/4  loss 0.2319  accuracy 93.20 %  validation loss 0.1987  accuracy 94.12 %
///     48211 samples/s  0:07 left
struct progress_bar {
    static constexpr bool reports = true;

    index every = 0;     ///< steps between two lines; 0: an epoch, or several in a run of more than 50
    bool epochs = false; ///< a line at the end of every epoch as well, with the means over it
    std::FILE* out = stdout;

    /// What it has gathered since the line before.
    struct record {
        step_means means{}, epoch{};
        index line_step = 0; ///< of the line before
        index samples = 0;   ///< of the whole run
        double drawn = -1;   ///< when the bar was
        bool terminal = false, bar = false;
    } seen{};

    template <class Run> void begin(Run& run) {
        seen = {};
        seen.line_step = run.step();
        const int file = fileno(out);
        seen.terminal = file >= 0 && isatty(file) != 0;
    }

    template <class Run> void step(Run& run) {
        seen.means.add(run.last);
        seen.epoch.add(run.last);
        seen.samples += run.last.samples;
        // `end` and `epoch` have more to tell
        if (run.is_last() || (epochs && run.step() % run.steps_per_epoch == 0)) return;
        const index many = (run.epochs() + 49) / 50;
        const index interval = every > 0 ? every : many * run.steps_per_epoch;
        const double now = run.seconds();
        if (run.step() % interval == 0) {
            write(run, line(run, now, plain_line));
        } else if (seen.terminal && now - seen.drawn >= 0.1) {
            std::fprintf(out, "\r%s\033[K", line(run, now, bar_line).c_str());
            std::fflush(out);
            seen.bar = true;
            seen.drawn = now;
        }
    }

    template <class Run> void epoch(Run& run) {
        if (epochs) write(run, line(run, run.seconds(), epoch_line));
        seen.epoch = {};
    }

    template <class Run> void end(Run& run) {
        if (run.step() > seen.line_step) write(run, line(run, run.seconds(), last_line));
        clear();
        if (run.stopping())
            std::fprintf(out, "stopped after step %td: %s\n", run.step(), run.stopped_by.c_str());
        std::fflush(out);
    }

    template <class Run> void failed(Run&) {
        if (seen.bar) std::fputc('\n', out);
        seen.bar = false;
        std::fflush(out);
    }

private:
    enum kind_of_line { plain_line, bar_line, epoch_line, last_line };
    struct piece {
        int rank; ///< those of rank 1 are the first to become brief on a narrow terminal, those of 0 stay
        std::string text, brief{};
    };

    void clear() {
        if (seen.bar) std::fputs("\r\033[K", out);
        seen.bar = false;
    }

    template <class Run> void write(const Run& run, const std::string& text) {
        clear();
        std::fprintf(out, "%s\n", text.c_str());
        std::fflush(out);
        seen.line_step = run.step();
        seen.means = {};
    }

    template <class Run> std::string line(const Run& run, double now, kind_of_line kind) const {
        const auto done = static_cast<double>(run.step() - run.first_step);
        std::vector<piece> pieces;
        if (kind == bar_line) {
            constexpr index length = 20;
            const auto full = static_cast<std::size_t>(length * run.step() / run.steps);
            pieces.push_back({1, '[' + std::string(full, '=') + std::string(length - full, ' ') + ']'});
        }
        const int width = static_cast<int>(std::to_string(run.steps).size());
        pieces.push_back({0, print("%*td/%td", width, run.step(), run.steps)});
        pieces.push_back({3, print("epoch %td/%td", run.epoch(), run.epochs())});
        const step_means& means = kind == epoch_line ? seen.epoch : seen.means;
        if (means.samples > 0) {
            pieces.push_back({0, (kind == epoch_line ? "mean loss " : "loss ") + number(means.loss())});
            if (run.last.has_labels) {
                const std::string accuracy = print("%.2f %%", 100 * means.accuracy());
                pieces.push_back({5, "accuracy " + accuracy, accuracy});
            }
        }
        for (const measured& m : run.evaluations) {
            if (m.step == 0 || (kind != bar_line && m.step <= seen.line_step)) continue;
            const std::string loss = m.name + " loss " + number(m.result.loss);
            const std::string accuracy = print("%.2f %%", 100 * m.result.accuracy);
            if (m.result.has_labels)
                pieces.push_back({4, loss + "  accuracy " + accuracy, m.name + ' ' + accuracy});
            else
                pieces.push_back({0, loss});
        }
        pieces.push_back(
            {2, print("%.0f samples/s", static_cast<double>(seen.samples) / std::max(now, 1e-9))});
        const double left = static_cast<double>(run.steps - run.step()) * now / std::max(done, 1.0);
        const bool is_last = kind == last_line || (kind == epoch_line && run.is_last());
        pieces.push_back({0, is_last ? "in " + (now < 60 ? print("%.1f s", now) : duration(now))
                                     : duration(left) + " left"});
        return joined(std::move(pieces));
    }

    /// The pieces in a row, no longer than the terminal where there is one.
    std::string joined(std::vector<piece> pieces) const {
        const auto join = [&] {
            std::string text;
            for (const piece& p : pieces)
                if (!p.text.empty()) text += (text.empty() ? "" : "  ") + p.text;
            return text;
        };
        std::string text = join();
        if (!seen.terminal) return text;
        const std::size_t width = columns();
        for (int rank = 1; rank <= 5 && length(text) > width; ++rank) {
            for (piece& p : pieces)
                if (p.rank == rank) p.text = p.brief;
            text = join();
        }
        while (length(text) > width) text.pop_back();
        return text;
    }

    /// Characters of UTF-8 text, a broken one at its end included.
    static std::size_t length(const std::string& text) {
        return static_cast<std::size_t>(std::count_if(
            text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    }
    /// What may be written to a line of the terminal without the cursor moving to the next.
    std::size_t columns() const {
        winsize size{};
        const bool known = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        return (known ? size.ws_col : std::size_t{80}) - 1;
    }

    [[gnu::format(printf, 1, 2)]] static std::string print(const char* format, ...) {
        char text[80];
        std::va_list arguments;
        va_start(arguments, format);
        std::vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        return text;
    }
    static std::string number(double value) {
        const double size = std::abs(value);
        const bool plain = size == 0 || (size >= 1e-3 && size < 1e5);
        return plain ? print("%.4f", value) : print("%.3e", value);
    }
    static std::string duration(double seconds) {
        const auto s = static_cast<long>(std::clamp(seconds, 0.0, 1e9) + 0.5);
        if (s < 3600) return print("%ld:%02ld", s / 60, s % 60);
        return print("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    }
};

} // namespace strata
