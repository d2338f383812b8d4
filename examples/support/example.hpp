#pragma once

// What the example programs share: options, data, results. Nothing here is needed to use strata.

#include <strata/strata.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// An example program: its common options, its data and its result.
class example {
public:
    using digits = strata::data::dataset<>;

    std::string variant; ///< one of the variants, where there are several
    strata::index steps, batch;
    std::uint64_t seed = 1;
    bool quiet = false;

    /// The last of the variants is the default.
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

    strata::fit_options options() const { return {.batch_size = batch, .steps = steps, .seed = seed}; }

    /// Shows how training goes, unless --quiet was given.
    std::optional<strata::progress_bar> show() const;

    /// Follows the accuracy on the test set, if --track-best was given.
    std::optional<strata::evaluate_on<digits>> track(const digits& test) const;

    /// Tests the trained network once, prints the result and writes it where --result says.
    template <class Network>
    void report(const Network& net, const strata::fit_result& run, const strata::data::mnist_parts& data,
                const std::optional<strata::evaluate_on<digits>>& best) {
        std::optional<double> validation;
        if (data.validation.size() > 0) validation = strata::evaluate(net, data.validation).accuracy;
        finish(run, strata::evaluate(net, data.train).accuracy, validation, strata::evaluate(net, data.test),
               best);
    }

private:
    void finish(const strata::fit_result& run, double train, std::optional<double> validation,
                const strata::evaluation& test, const std::optional<strata::evaluate_on<digits>>& best);

    struct command_line;
    std::unique_ptr<command_line> m_command_line;
    std::string m_name, m_data, m_result;
    int m_threads = 0;
    bool m_track_best = false, m_subset = false, m_interrupted = false;
};
