#include "support/example.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>
#include <utility>

namespace {

std::string with_comma(strata::index n) { // 10,000
    char text[40];
    std::snprintf(text, sizeof text, n < 1'000 ? "%td" : "%td,%03td", n < 1'000 ? n : n / 1'000, n % 1'000);
    return text;
}

} // namespace

void let_threads_sleep(char** argv) {
    if (std::getenv("OMP_WAIT_POLICY")) return;
    setenv("OMP_WAIT_POLICY", "passive", 1);
    execv("/proc/self/exe", argv); // comes back only where it cannot be done
}

void check_writable(const std::filesystem::path& path) {
    const auto folder = std::filesystem::absolute(path).parent_path();
    const auto& changed = std::filesystem::exists(path) ? path : folder;
    if (std::filesystem::is_directory(path) || access(changed.c_str(), W_OK) != 0)
        throw strata::file_error(path.string() + ": cannot be written");
}

std::filesystem::path cifar10_folder(const std::string& asked) {
    if (!asked.empty()) return asked;
    const auto folder = strata::data::cache_directory() / "cifar10";
    if (!std::filesystem::exists(folder / "data_batch_1.bin"))
        throw strata::file_error(folder.string() + ": no CIFAR-10 there, scripts/fetch cifar10 brings it");
    return folder;
}

struct example::command_line {
    CLI::App app;
    command_line(const std::string& description, const std::string& name) : app(description, name) {}
};

example::example(std::string name, const std::string& description, strata::index default_steps,
                 strata::index default_batch, const std::vector<std::string>& variants)
    : steps(default_steps),
      batch(default_batch),
      m_command_line(std::make_unique<command_line>(description, name)),
      m_name(std::move(name)) {
    auto& app = m_command_line->app;
    const CLI::Range at_least_one(1, 1'000'000'000);
    if (!variants.empty()) {
        variant = variants.back();
        app.add_option("--variant", variant, "which network to train")
            ->check(CLI::IsMember(variants))
            ->capture_default_str();
    }
    app.add_option("--data", m_data,
                   default_steps > 0
                       ? "folder of the IDX files (default: the one that scripts/fetch fills, "
                         "or the small subset that comes with strata)"
                       : "folder of the .bin files (default: the one that scripts/fetch fills)");
    if (default_steps > 0) {
        app.add_option("--steps", steps, "training steps")->check(at_least_one)->capture_default_str();
    } else {
        app.add_option("--epochs", epochs, "passes over the training images (default: the variant's)")
            ->check(at_least_one);
        app.add_option("--steps", steps, "ends the run sooner")->check(at_least_one);
    }
    auto* size = app.add_option("--batch", batch, "samples in a step")->check(at_least_one);
    if (default_batch > 0)
        size->capture_default_str();
    else
        size->description("samples in a step (default: the variant's)");
    app.add_option("--seed", seed, "of the first weights, the order of the samples, the dropout")
        ->check([](const std::string& text) {
            return text.starts_with('-') ? "Value " + text + " is negative" : std::string();
        })
        ->capture_default_str();
    app.add_option("--threads", m_threads, "threads to compute with (default: every core)")
        ->check(at_least_one);
    app.add_flag("--quiet", quiet, "print the final result only");
    app.add_flag("--track-best", m_track_best,
                 "look at the test set every 100 steps and report the best accuracy too (a best chosen on "
                 "the test set)");
    app.add_option("--result", m_result, "write the result to this file, as JSON");
    app.add_option(
        "--pictures", m_pictures,
        "write pictures to this folder, as PNG: the test images that the network takes for another "
        "class, the confusion matrix, the filters of the first convolution");
}

example::~example() = default;

void example::option(const std::string& name, double& value, double low, double high,
                     const std::string& help) {
    m_command_line->app.add_option(name, value, help)->check(CLI::Range(low, high))->capture_default_str();
}

int example::main(int argc, char** argv, const std::function<void()>& body) {
    let_threads_sleep(argv);
    auto& app = m_command_line->app;
    try {
        app.parse(argc, argv);
        if (!m_result.empty()) check_writable(m_result);
        if (!m_pictures.empty()) check_pictures(m_pictures);
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

strata::data::mnist_parts example::mnist(strata::index validation) {
    std::filesystem::path folder = m_data;
    if (m_data.empty()) folder = strata::data::cache_directory() / "mnist";
    const auto holds = [&](const std::string& file) {
        return std::filesystem::exists(folder / file) || std::filesystem::exists(folder / (file + ".gz"));
    };
    m_subset = m_data.empty() && !holds("train-images-idx3-ubyte");
    if (m_subset) {
        std::fprintf(
            stderr,
            "\n*** No MNIST in %s: training on 1,000 digits that come with strata, testing on 500. ***\n"
            "*** Expect an accuracy far below the real one. scripts/fetch mnist brings all 70,000. ***\n\n",
            folder.c_str());
        folder = STRATA_MNIST_SUBSET;
        validation /= 50; // of 1,000 instead of 60,000
    }
    return strata::data::mnist(folder, {.validation = validation});
}

strata::data::cifar10_parts example::cifar10(strata::index validation) {
    return strata::data::cifar10(cifar10_folder(m_data), {.validation = validation});
}

std::optional<strata::progress_bar> example::show(strata::progress_bar bar) const {
    if (quiet) return std::nullopt;
    return bar;
}

void example::finish(const strata::fit_result& run, const result& outcome) {
    const auto& [train, validation, test, best, best_step] = outcome;
    m_interrupted = run.interrupted;
    if (best)
        std::printf("best test accuracy on the way %.2f %% after %td steps (chosen on the test set)\n",
                    100 * *best, best_step);
    if (m_subset) std::printf("(trained and tested on the small subset)\n");
    if (validation) std::printf("validation accuracy %.2f %%\n", 100 * *validation);
    std::printf("test accuracy %.2f %% (%td of %s wrong), %.0f s\n", 100 * test.accuracy, test.errors,
                with_comma(test.samples).c_str(), run.seconds);
    if (m_result.empty()) return;
    nlohmann::ordered_json record{{"example", m_name},
                                  {"variant", variant},
                                  {"seed", seed},
                                  {"steps", run.steps},
                                  {"seconds", run.seconds},
                                  {"train_accuracy", train},
                                  {"validation_accuracy", nullptr},
                                  {"test_accuracy", test.accuracy},
                                  {"test_errors", test.errors}};
    if (validation) record["validation_accuracy"] = *validation;
    if (best) record["best_test_accuracy"] = *best;
    if (m_subset) record["subset"] = true;
    std::ofstream file(m_result);
    file << record.dump() << '\n';
    file.close();
    if (!file) throw strata::file_error(m_result + ": cannot be written");
}
