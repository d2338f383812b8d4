#pragma once

#include <string>
#include <vector>

namespace bench {

/// What every benchmark program takes on its command line.
struct options {
    std::vector<int> threads; ///< the numbers of threads to measure with, one after the other
    double budget = 1;        ///< seconds of timed work in one measurement
    int min_samples = 9;      ///< timed blocks in one measurement, at least
    std::string filter;       ///< only cases whose name contains this
    std::string variant;      ///< only ways of doing a thing whose name contains this
    std::string tag;          ///< joins the variant of every line
    bool json = false;        ///< JSON lines; otherwise a table

    bool wants(const std::string& name) const { return name.find(filter) != std::string::npos; }
};

/// Whether a program does one thing in several ways, and has the option --variant to choose among them.
enum class has_variants { yes, no };

/// Reads the command line. Prints the help, or what is wrong with an argument, and ends the program where
/// there is nothing to measure. JSON is chosen where standard output is no terminal.
options parse(int argc, char** argv, const std::string& description,
              has_variants variants = has_variants::no);

} // namespace bench
