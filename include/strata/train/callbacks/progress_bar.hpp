#pragma once

#include <strata/core/shape.hpp>
#include <strata/train/run.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace strata {

/// Shows how a run goes: on a terminal one line that is drawn over and over, elsewhere a line every `every`
/// steps. Loss and accuracy are means over the steps since the line before.
struct progress_bar {
    index every = 0; ///< steps between two lines where there is no terminal; 0: an epoch
    std::FILE* out = stdout;

    /// What it has gathered since the line before.
    struct record {
        bool terminal = false;
        double loss = 0, accuracy = 0, since = 0, drawn = 0;
        index steps = 0, samples = 0, first_step = 0, shown = -1;
        std::string line{}; ///< the last complete one
    } seen{};

    template <class Run> void begin(Run& run) {
        seen = {};
        seen.terminal = isatty(fileno(out)) != 0;
        seen.first_step = run.step();
        seen.since = run.seconds();
    }

    template <class Run> void step(Run& run) {
        seen.loss += run.last.loss;
        seen.accuracy += run.last.accuracy;
        ++seen.steps;
        const double now = run.seconds();
        const index interval = every > 0 ? every : run.steps_per_epoch;
        const bool due = run.step() % interval == 0 || run.is_last();
        if (due || (seen.terminal && now - seen.drawn >= 0.1)) {
            const auto steps = static_cast<double>(seen.steps);
            const double speed = static_cast<double>(run.step() - seen.first_step) / std::max(now, 1e-9);
            const double left = static_cast<double>(run.steps - run.step()) / std::max(speed, 1e-9);
            char text[160];
            std::snprintf(text, sizeof text,
                          "%*td/%td  epoch %td  loss %.4f  accuracy %6.2f %%  %.0f samples/s",
                          digits(run.steps), run.step(), run.steps, run.epoch(), seen.loss / steps,
                          100 * seen.accuracy / steps, speed * static_cast<double>(run.batch_size));
            show(run, text, left, due);
            seen.drawn = now;
        }
        if (due) {
            seen.loss = seen.accuracy = 0;
            seen.steps = 0;
        }
    }

    template <class Run> void end(Run& run) {
        if (seen.terminal) std::fputc('\n', out);
        if (run.stopping())
            std::fprintf(out, "stopped after step %td: %s\n", run.step(), run.stopped_by.c_str());
        std::fflush(out);
    }

private:
    template <class Run> void show(Run& run, const char* text, double left, bool due) {
        std::string evaluated;
        if (run.newest && (seen.terminal || run.newest->step != seen.shown)) {
            char more[80];
            std::snprintf(more, sizeof more, "  %s %.2f %%", run.newest->name.c_str(),
                          100 * run.newest->result.accuracy);
            evaluated = more;
        }
        const auto seconds = static_cast<long>(left + 0.5);
        if (seen.terminal) {
            constexpr index width = 20;
            const index done = run.step() * width / std::max<index>(run.steps, 1);
            const std::string bar(static_cast<std::size_t>(done), '='),
                rest(static_cast<std::size_t>(width - done), ' ');
            std::fprintf(out, "\r[%s%s] %s%s  %ld:%02ld left\033[K", bar.c_str(), rest.c_str(), text,
                         evaluated.c_str(), seconds / 60, seconds % 60);
        } else if (due) {
            std::fprintf(out, "%s%s  %ld:%02ld left\n", text, evaluated.c_str(), seconds / 60, seconds % 60);
            if (run.newest) seen.shown = run.newest->step;
        }
        std::fflush(out);
    }
    static int digits(index n) {
        int count = 1;
        for (; n > 9; n /= 10) ++count;
        return count;
    }
};

} // namespace strata
