// What one change does to a small convolutional network for CIFAR-10: smaller filters, batch norm, dropout,
// another optimizer, ... each tried by itself in a short run. docs/cifar10_ideas.md shows what came out.
//
//     scripts/fetch cifar10
//     build/release/examples/cifar10_ideas [--list] [--only NAME...]
//
// The test set is not looked at: 5,000 of the training images are set apart to compare on.

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>

#include "ideas.hpp"
#include "support/example.hpp"

using namespace strata;

namespace {

std::vector<idea> all_ideas() {
    std::vector<idea> all;
    for (const auto& group :
         {filters(), pooling(), blocks(), normalisation(), activations(), connections(), training()})
        all.insert(all.end(), group.begin(), group.end());
    return all;
}

/// An idea and its runs, one for each seed.
struct trial {
    idea tried;
    std::vector<outcome> runs{};

    double mean(double outcome::*what) const {
        double sum = 0;
        for (const outcome& run : runs) sum += run.*what;
        return sum / static_cast<double>(runs.size());
    }
    /// Between the highest and the lowest accuracy.
    double spread() const {
        const auto [low, high] = std::ranges::minmax(runs, {}, &outcome::accuracy);
        return high.accuracy - low.accuracy;
    }
};

void print(const std::vector<trial>& trials, strata::index images) {
    const bool has_baseline = trials.front().tried.name == "baseline";
    std::printf("\n%-28s %10s %14s %9s %8s %11s %8s\n", "idea", "parameters", "multiply-adds", "accuracy",
                "spread", "difference", "seconds");
    for (const trial& t : trials) {
        const double accuracy = t.mean(&outcome::accuracy);
        std::printf("%-28s %10td %14td %7.2f %% %8.2f ", t.tried.name.c_str(), t.runs[0].parameters,
                    t.runs[0].multiply_adds, 100 * accuracy, 100 * t.spread());
        if (has_baseline && &t != &trials.front())
            std::printf("%+11.2f", 100 * (accuracy - trials.front().mean(&outcome::accuracy)));
        else
            std::printf("%11s", "");
        std::printf(" %8.1f\n", t.mean(&outcome::seconds));
    }
    const double p = trials.front().mean(&outcome::accuracy);
    std::printf("accuracy on %td validation images: the standard error of a run is %.1f %%\n", images,
                100 * std::sqrt(p * (1 - p) / static_cast<double>(images)));
}

void write(const std::string& path, const std::vector<trial>& trials) {
    auto record = nlohmann::ordered_json::array();
    for (const trial& t : trials) {
        auto accuracies = nlohmann::ordered_json::array();
        for (const outcome& run : t.runs) accuracies.push_back(run.accuracy);
        record.push_back({{"idea", t.tried.name},
                          {"change", t.tried.change},
                          {"parameters", t.runs[0].parameters},
                          {"multiply_adds", t.runs[0].multiply_adds},
                          {"validation_accuracy", accuracies},
                          {"seconds", t.mean(&outcome::seconds)}});
    }
    std::ofstream file(path);
    file << record.dump(1) << '\n';
    file.close();
    if (!file) throw file_error(path + ": cannot be written");
}

} // namespace

int main(int argc, char** argv) try {
    let_threads_sleep(argv);
    const auto all = all_ideas();
    std::vector<std::string> names, only;
    for (const idea& i : all) names.push_back(i.name);
    strata::index epochs = 2, batch = 64;
    std::vector<std::uint64_t> seeds{1, 2};
    int count = 0;
    std::string folder, json;
    bool list = false, quiet = false;

    CLI::App app("What one change does to a small network for CIFAR-10", "cifar10_ideas");
    const CLI::Range at_least_one(1, 1'000'000'000);
    app.add_flag("--list", list, "print what can be tried, train nothing");
    app.add_option("--only", only, "try these alone")->check(CLI::IsMember(names));
    app.add_option("--epochs", epochs, "of every run")->check(at_least_one)->capture_default_str();
    app.add_option("--seeds", seeds, "try every idea from each of these seeds")->capture_default_str();
    app.add_option("--batch", batch, "samples in a step")->check(at_least_one)->capture_default_str();
    app.add_option("--data", folder, "folder of the .bin files (default: the one that scripts/fetch fills)");
    app.add_option("--threads", count, "threads to compute with (default: every core)")->check(at_least_one);
    app.add_flag("--quiet", quiet, "print the table only");
    app.add_option("--json", json, "write the table to this file, as JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& request) { // --help
        return app.exit(request);
    }

    if (list) {
        for (const idea& i : all) std::printf("%-28s %s\n", i.name.c_str(), i.change.c_str());
        return 0;
    }
    if (!json.empty()) check_writable(json);
    if (count > 0) threads(count);

    const auto images = data::cifar10(cifar10_folder(folder), {.validation = 5'000});
    const auto standard = standardise::of(images.train);
    experiment e{images.train.with(standard), images.validation.with(standard), epochs, batch, 1, {}};
    if (!quiet) e.progress.emplace();

    const interrupt_guard interrupt;
    std::vector<trial> trials;
    for (const idea& i : all) {
        if (!only.empty() && std::ranges::find(only, i.name) == only.end()) continue;
        trial t{i};
        for (const auto seed : seeds) {
            if (interrupt.requested()) break;
            if (!quiet) std::printf("%s, seed %ju\n", i.name.c_str(), std::uintmax_t{seed});
            e.seed = seed;
            const outcome run = i.run(e);
            if (!run.interrupted) t.runs.push_back(run);
        }
        if (!t.runs.empty()) trials.push_back(t);
    }
    if (!trials.empty()) {
        print(trials, e.validation.size());
        if (!json.empty()) write(json, trials);
    }
    return interrupt.requested() ? 130 : 0;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "cifar10_ideas: %s\n", problem.what());
    return 2;
}
