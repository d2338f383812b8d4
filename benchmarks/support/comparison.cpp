#include "support/comparison.hpp"

#include <strata/core/parallel.hpp>

#include <algorithm>
#include <benchmark/benchmark.h>
#include <map>
#include <string>
#include <vector>

#include "support/report.hpp"

namespace bench {

namespace {

/// Keeps the times of all repetitions, by name.
class collector : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const auto& run : runs) {
            if (run.run_type != Run::RT_Iteration || run.error_occurred || run.iterations == 0) continue;
            auto& found = m_found[run.run_name.function_name];
            found.us.push_back(run.real_accumulated_time / static_cast<double>(run.iterations) * 1e6);
            found.calls += static_cast<long>(run.iterations);
        }
    }
    timing of(const std::string& name) const {
        const auto found = m_found.find(name);
        if (found == m_found.end()) return {};
        const auto& us = found->second.us;
        return {median(us), *std::min_element(us.begin(), us.end()), found->second.calls};
    }

private:
    struct times {
        std::vector<double> us{};
        long calls = 0;
    };
    std::map<std::string, times> m_found;
};

void start_engine(const char* program, const options& o) {
    std::vector<std::string> arguments{
        program, "--benchmark_enable_random_interleaving=true",
        std::string("--benchmark_repetitions=").append(std::to_string(o.min_samples)),
        std::string("--benchmark_min_time=").append(std::to_string(o.budget / o.min_samples))};
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    int count = static_cast<int>(pointers.size());
    benchmark::Initialize(&count, pointers.data());
}

void time_all(const subject& s, int threads, const options& o, report& out) {
    const auto ways = s.ways();
    const auto is_wanted = [&](const way& w) { return w.variant.find(o.variant) != std::string::npos; };
    for (const auto& w : ways) {
        if (!is_wanted(w)) continue;
        benchmark::RegisterBenchmark(w.variant.c_str(), [&w](benchmark::State& state) {
            w.call(); // its data into the caches
            for (auto _ : state) {
                w.call();
                benchmark::ClobberMemory();
            }
        })->UseRealTime();
    }
    collector found;
    benchmark::RunSpecifiedBenchmarks(&found);
    benchmark::ClearRegisteredBenchmarks();
    for (const auto& w : ways) {
        if (!is_wanted(w)) continue;
        result line{s.name, s.what, s.batch, threads};
        line.time = found.of(w.variant);
        line.flop = s.flop;
        line.bytes = s.bytes;
        line.footprint = s.footprint;
        line.variant = w.variant;
        out.add(line);
    }
}

} // namespace

int compare(int argc, char** argv, const std::string& description, const std::vector<subject>& subjects) {
    const options o = parse(argc, argv, description, has_variants::yes);
    start_engine(argv[0], o);
    report out("strata", o);
    for (const int threads : o.threads) {
        out.begin(threads);
        strata::threads(threads);
        for (const auto& s : subjects)
            if (o.wants(s.name)) time_all(s, threads, o, out);
    }
    return 0;
}

} // namespace bench
