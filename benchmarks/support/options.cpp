#include "support/options.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace bench {

options parse(int argc, char** argv, const std::string& description, has_variants variants) {
    options o;
    o.threads = std::thread::hardware_concurrency() > 1 ? std::vector{1, 2} : std::vector{1};
    CLI::App app(description);
    app.add_flag("--json", o.json, "JSON lines; the default where the output is no terminal");
    app.add_option("--threads", o.threads, "numbers of threads, as 1,2")
        ->delimiter(',')
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    app.add_option("--budget", o.budget, "seconds of timed work in one measurement")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_option("--min", o.min_samples, "timed blocks in one measurement, at least")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--filter", o.filter, "only cases whose name contains this");
    app.add_option("--tag", o.tag, "joins the variant of every line");
    if (variants == has_variants::yes)
        app.add_option("--variant", o.variant, "only ways of doing a thing whose name contains this");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) { std::exit(app.exit(problem)); }
    o.json = o.json || isatty(STDOUT_FILENO) == 0;
    return o;
}

} // namespace bench
