#pragma once

// What the example programs share: options, data, results. Nothing here is needed to use strata.

#include <strata/strata.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/pictures.hpp"

/// softmax_cross_entropy that keeps the outputs it is given, for pictures.
struct recording : strata::softmax_cross_entropy {
    std::vector<float>* outputs = nullptr; ///< null: nothing is kept

    template <class T, class Target>
    double operator()(const T* output, std::span<const Target> targets, T* gradient, strata::index batch,
                      strata::index n) const {
        if (outputs) outputs->insert(outputs->end(), output, output + batch * n);
        return softmax_cross_entropy::operator()(output, targets, gradient, batch, n);
    }
};

/// The filters of a network's first convolution, or none.
template <class Network> filter_bank first_filters(const Network& net) {
    for (const auto& p : Network::parameter_table) {
        const auto& n = p.sizes.sizes;
        if (p.sizes.rank == n.size())
            return {(is_trainable(p.kind) ? net.values() : net.state()).data() + p.offset,
                    {n[0], n[1], n[2]},
                    n[3]};
    }
    return {};
}

/// The parts of a data set behind their transforms.
template <class Train, class Test> struct parts {
    Train train;
    Test validation, test;
};
template <class Train, class Test> parts(Train, Test, Test) -> parts<Train, Test>; // clang before 17

/// Threads that spin while they wait take the processor from those that work as soon as anything else runs on
/// the machine. OpenMP reads this setting when a program is loaded, so the program loads itself once more.
void let_threads_sleep(char** argv);

/// Throws file_error unless a file can be written there: what cannot be kept is better not computed.
void check_writable(const std::filesystem::path& path);

/// Where CIFAR-10 lies: `asked`, or if that is empty what scripts/fetch fills. Throws file_error where it is
/// not.
std::filesystem::path cifar10_folder(const std::string& asked);

/// An example program: its common options, its data and its result.
class example {
public:
    std::string variant; ///< one of the variants, where there are several
    strata::index steps = 0, epochs = 0, batch;
    std::uint64_t seed = 1;
    bool quiet = false;

    /// The last of the variants is the default. Without default steps a run is counted in epochs; `options`
    /// has a default for these, and for a batch of 0.
    example(std::string name, const std::string& description, strata::index default_steps,
            strata::index default_batch, const std::vector<std::string>& variants = {});
    ~example();
    example(const example&) = delete;
    example& operator=(const example&) = delete;

    /// An option of this example alone, a number in low .. high.
    void option(const std::string& name, double& value, double low, double high, const std::string& help);

    /// Parses the options and runs `body`. Whatever goes wrong becomes one line and exit status 2.
    int main(int argc, char** argv, const std::function<void()>& body);

    /// MNIST, or another data set in its format: `validation` of the training digits set apart.
    strata::data::mnist_parts mnist(strata::index validation = 0);

    /// CIFAR-10, `validation` of the training images set apart. Throws file_error where it is not.
    strata::data::cifar10_parts cifar10(strata::index validation = 1'000);

    /// For so many epochs and batches of this size, where the command line says no other numbers.
    strata::fit_options options(strata::index default_epochs = 0, strata::index default_batch = 0) const {
        return {.batch_size = batch > 0 ? batch : default_batch,
                .steps = steps,
                .epochs = epochs > 0 ? epochs : default_epochs,
                .seed = seed};
    }

    /// Shows how training goes, unless --quiet was given.
    std::optional<strata::progress_bar> show(strata::progress_bar bar = {.every = 500}) const;

    /// Follows the accuracy on the test set, if --track-best was given.
    template <class Dataset> std::optional<strata::evaluate_on<Dataset>> track(const Dataset& test) const {
        if (!m_track_best) return std::nullopt;
        return strata::evaluate_on(test, 100, "test");
    }

    /// Tests the trained network once, prints the result and writes it where --result says, and pictures of
    /// it where --pictures says. `data` has train, validation, which may be empty, and test.
    template <class Network, class Data, class Best>
    void report(const Network& net, const strata::fit_result& run, const Data& data, const Best& best,
                const strata::evaluate_options& options = {}) {
        const strata::softmax_cross_entropy loss;
        result outcome;
        if (!m_result.empty()) outcome.train = strata::evaluate(net, data.train, loss).accuracy;
        if (data.validation.size() > 0)
            outcome.validation = strata::evaluate(net, data.validation, loss, options).accuracy;
        std::vector<float> outputs;
        outcome.test =
            strata::evaluate(net, data.test, recording{{}, m_pictures.empty() ? nullptr : &outputs}, options);
        if (best) {
            outcome.best = best->best.accuracy;
            outcome.best_step = best->best_step;
        }
        finish(run, outcome);
        if (m_pictures.empty()) return;
        const auto& counts = outcome.test.confusion;
        write_pictures(m_pictures,
                       {data.test.samples(0), data.test.targets(0), data.test.size(),
                        data.test.sample_shape(), data.test.classes},
                       outputs, {counts.data(), counts.size()}, first_filters(net));
    }

private:
    struct result {
        double train = 0;
        std::optional<double> validation{};
        strata::evaluation test{};
        std::optional<double> best{}; ///< accuracy on the test set on the way
        strata::index best_step = 0;
    };
    void finish(const strata::fit_result& run, const result& outcome);

    struct command_line;
    std::unique_ptr<command_line> m_command_line;
    std::string m_name, m_data, m_result, m_pictures;
    int m_threads = 0;
    bool m_track_best = false, m_subset = false, m_interrupted = false;
};
