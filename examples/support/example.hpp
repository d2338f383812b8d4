#pragma once

// What the example programs share: options, data, results. Nothing here is needed to use strata.

#include <strata/strata.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// An example program: its common options, its data and its result.
class example {
public:
    using digits = strata::data::dataset<>;

    CLI::App app;
    std::string variant; ///< one of the variants, where there are several
    strata::index steps, batch;
    std::uint64_t seed = 1;
    bool quiet = false;

    example(std::string name, const std::string& description, strata::index default_steps,
            strata::index default_batch, const std::vector<std::string>& variants = {})
        : app(description, name), steps(default_steps), batch(default_batch), m_name(std::move(name)) {
        if (!variants.empty()) {
            variant = variants.back();
            app.add_option("--variant", variant, "which network to train")
                ->check(CLI::IsMember(variants))
                ->capture_default_str();
        }
        app.add_option("--data", m_data,
                       "folder of the IDX files (default: the one that scripts/fetch fills, or the "
                       "small subset that comes with strata)");
        app.add_option("--steps", steps, "training steps")->check(CLI::PositiveNumber)->capture_default_str();
        app.add_option("--batch", batch, "samples in a step")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        app.add_option("--seed", seed, "of the first weights, the order of the samples, the dropout")
            ->capture_default_str();
        app.add_option("--threads", m_threads, "threads to compute with (default: every core)")
            ->check(CLI::PositiveNumber);
        app.add_flag("--quiet", quiet, "print the final result only");
        app.add_flag("--track-best", m_track_best,
                     "look at the test set every 100 steps and report the best accuracy too (a best chosen "
                     "on the test set)");
        app.add_option("--result", m_result, "write the result to this file, as JSON");
    }

    /// Parses the options and runs `body`. Whatever goes wrong becomes one line and exit status 2.
    int main(int argc, char** argv, const std::function<void()>& body) {
        try {
            app.parse(argc, argv);
            if (m_threads > 0) strata::threads(m_threads);
            body();
            return m_interrupted ? 130 : 0;
        } catch (const CLI::Success& request) { // --help
            return app.exit(request);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s: %s\n", m_name.c_str(), e.what());
            return 2;
        }
    }

    /// MNIST, or another data set in its format: `validation` of the training digits set apart.
    strata::data::mnist_parts mnist(strata::index validation = 0) {
        std::filesystem::path folder = m_data;
        if (m_data.empty()) folder = strata::data::cache_directory() / "mnist";
        const auto holds = [&](const char* file) {
            return std::filesystem::exists(folder / file)
                   || std::filesystem::exists(folder / (std::string(file) + ".gz"));
        };
        m_subset = m_data.empty() && !holds("train-images-idx3-ubyte");
        if (m_subset) {
            std::fprintf(
                stderr,
                "\n*** No MNIST in %s: training on 1,000 digits that come with strata, testing on 500. ***\n"
                "*** Expect an accuracy far below the real one. scripts/fetch mnist brings all 70,000.  "
                "***\n\n",
                folder.c_str());
            folder = STRATA_MNIST_SUBSET;
            validation = validation > 0 ? 100 : 0;
        }
        return strata::data::mnist(folder, {.validation = validation});
    }

    strata::fit_options options() const { return {.batch_size = batch, .steps = steps, .seed = seed}; }

    /// Shows how training goes, unless --quiet was given.
    struct progress : strata::progress_bar {
        bool quiet;
        template <class Run> void begin(Run& run) {
            if (!quiet) progress_bar::begin(run);
        }
        template <class Run> void step(Run& run) {
            if (!quiet) progress_bar::step(run);
        }
        template <class Run> void end(Run& run) {
            if (!quiet) progress_bar::end(run);
        }
    };
    progress show() const { return {{.every = 500}, quiet}; }

    /// Follows the accuracy on the test set if --track-best was given.
    struct tracker : strata::evaluate_on<digits> {
        bool on;
        tracker(digits test, bool on_) : evaluate_on(std::move(test), 100, "test"), on(on_) {}
        template <class Run> void step(Run& run) {
            if (on) evaluate_on::step(run);
        }
        void epoch(auto&) {}
    };
    tracker track(const digits& test) const { return {test, m_track_best}; }

    /// Tests the trained network once, prints the result and writes it where --result says.
    template <class Network>
    void report(const Network& net, const strata::fit_result& run, const strata::data::mnist_parts& data,
                const tracker& best) {
        const auto on_train = strata::evaluate(net, data.train), on_test = strata::evaluate(net, data.test);
        std::optional<strata::evaluation> on_validation;
        if (data.validation.size() > 0) on_validation = strata::evaluate(net, data.validation);
        m_interrupted = run.interrupted;
        if (best.on)
            std::printf("best test accuracy on the way %.2f %% after %td steps (chosen on the test set)\n",
                        100 * best.best.accuracy, best.best_step);
        if (m_subset) std::printf("(trained and tested on the small subset)\n");
        std::printf("test accuracy %.2f %% (%td of %s wrong), %.0f s\n", 100 * on_test.accuracy,
                    on_test.errors, with_comma(on_test.samples).c_str(), run.seconds);
        if (m_result.empty()) return;
        nlohmann::ordered_json result{{"example", m_name},
                                      {"variant", variant},
                                      {"seed", seed},
                                      {"steps", run.steps},
                                      {"seconds", run.seconds},
                                      {"train_accuracy", on_train.accuracy},
                                      {"validation_accuracy", nullptr},
                                      {"test_accuracy", on_test.accuracy},
                                      {"test_errors", on_test.errors},
                                      {"subset", m_subset}};
        if (on_validation) result["validation_accuracy"] = on_validation->accuracy;
        if (best.on) result["best_test_accuracy"] = best.best.accuracy;
        std::ofstream file(m_result);
        file << result.dump() << '\n';
        file.close();
        if (!file) throw strata::file_error(m_result + ": cannot be written");
    }

private:
    static std::string with_comma(strata::index n) { // 10,000
        char text[40];
        std::snprintf(text, sizeof text, n < 1'000 ? "%td" : "%td,%03td", n < 1'000 ? n : n / 1'000,
                      n % 1'000);
        return text;
    }

    std::string m_name, m_data, m_result;
    int m_threads = 0;
    bool m_track_best = false, m_subset = false, m_interrupted = false;
};
