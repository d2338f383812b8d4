#include <strata/core/error.hpp>
#include <strata/layers/dense.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adam.hpp>
#include <strata/train/callbacks/evaluate_on.hpp>
#include <strata/train/callbacks/log_to.hpp>
#include <strata/train/fit.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <locale>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "../samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// A file in a folder of its own that goes with it.
struct temporary {
    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("strata_log_to_test_" + std::to_string(getpid()));
    explicit temporary() { std::filesystem::create_directories(folder); }
    ~temporary() { std::filesystem::remove_all(folder); }
    std::string operator()(const char* name) const { return (folder / name).string(); }
};

std::vector<std::string> lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
}

std::vector<std::string> cells(const std::string& line) {
    std::vector<std::string> all{""};
    bool quoted = false;
    for (const char c : line)
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            all.emplace_back();
        else
            all.back() += c;
    return all;
}

const std::string header =
    "step,epoch,learning_rate,loss,accuracy,seconds,evaluated,evaluated_loss,evaluated_accuracy";

struct infinite {
    template <class Run> void begin(Run& run) { run.evaluation_of("validation"); }
    template <class Run> void step(Run& run) {
        run.evaluation_of("validation") = {
            "validation", run.step(), {.loss = std::numeric_limits<double>::infinity()}};
        run.last.loss = std::nan("");
    }
};

} // namespace

TEST_CASE("log_to writes CSV: means of the steps since the line before, and evaluations", "[log_to]") {
    const temporary file;
    network net{input<2>{}, dense<3>{}};
    std::vector<double> losses, accuracies;
    evaluate_on look{clouds(9, 3)};
    fit(net, clouds(20, 3), softmax_cross_entropy{}, adam{0.5}, {.batch_size = 5, .steps = 7},
        log_to{file("run.csv"), 3}, look, [&](auto& run) { // the order of callbacks does not matter
            losses.push_back(run.last.loss);
            accuracies.push_back(run.last.accuracy);
        });
    const auto rows = lines(file("run.csv"));
    REQUIRE(rows.size() == 5);
    CHECK(rows[0] == header);
    const auto check = [&](std::size_t row, std::size_t from, std::size_t to, const char* epoch,
                           const char* name) {
        const auto c = cells(rows[row]);
        REQUIRE(c.size() == 9);
        double loss = 0, accuracy = 0;
        for (std::size_t i = from; i < to; ++i) {
            loss += losses[i] / static_cast<double>(to - from);
            accuracy += accuracies[i] / static_cast<double>(to - from);
        }
        CHECK(c[0] == std::to_string(to));
        CHECK(c[1] == epoch);
        CHECK(c[2] == "0.5");
        CHECK(std::stod(c[3]) == Approx(loss));
        CHECK(std::stod(c[4]) == Approx(accuracy));
        CHECK(std::stod(c[5]) >= 0);
        CHECK(c[6] == name);
    };
    check(1, 0, 3, "1", "");
    check(2, 3, 4, "1", "validation");
    check(3, 4, 6, "2", "");
    check(4, 6, 7, "2", "validation");
    CHECK(std::stod(cells(rows[4])[7]) == look.newest.loss);
    CHECK(std::stod(cells(rows[4])[8]) == look.newest.accuracy);
    CHECK(cells(rows[1])[7] + cells(rows[1])[8] == "");
}

TEST_CASE("log_to writes JSON lines, with a line for each of two evaluations", "[log_to]") {
    const temporary file;
    network net{input<2>{}, dense<3>{}};
    const std::string odd = "the \"test\", \\ set\n";
    fit(net, clouds(20, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 5, .steps = 4},
        evaluate_on{clouds(9, 3), 4}, evaluate_on{clouds(12, 3), 4, odd}, log_to{file("run.jsonl"), 2});
    const auto rows = lines(file("run.jsonl"));
    REQUIRE(rows.size() == 3);
    const auto first = nlohmann::json::parse(rows[0]);
    CHECK(first["step"] == 2);
    CHECK(first["learning_rate"] == 1e-3);
    CHECK_FALSE(first.contains("evaluated"));
    CHECK(nlohmann::json::parse(rows[1])["evaluated"] == "validation");
    CHECK(nlohmann::json::parse(rows[2])["evaluated"] == "the \"test\", \\ set ");
    CHECK(nlohmann::json::parse(rows[2])["step"] == 4);
}

TEST_CASE("log_to leaves accuracies out where there are no labels", "[log_to]") {
    const temporary file;
    network net{input<2>{}, dense<1>{}};
    fit(net, plane(20), mean_squared_error{}, adam{}, {.batch_size = 5, .steps = 4}, evaluate_on{plane(9)},
        log_to{file("run.jsonl")}, log_to{file("run.csv")});
    const auto json = nlohmann::json::parse(lines(file("run.jsonl")).at(0));
    CHECK(json["evaluated_loss"].is_number());
    CHECK_FALSE(json.contains("accuracy"));
    CHECK_FALSE(json.contains("evaluated_accuracy"));
    const auto c = cells(lines(file("run.csv")).at(1));
    CHECK(c.size() == 9);
    CHECK(c[4] + c[8] == "");
}

TEST_CASE("what is no number is null in JSON", "[log_to]") {
    const temporary file;
    network net{input<2>{}, dense<3>{}};
    fit(net, clouds(20, 3), softmax_cross_entropy{}, adam{}, {.steps = 2}, infinite{},
        log_to{file("run.jsonl")});
    for (const auto& row : lines(file("run.jsonl"))) {
        const auto json = nlohmann::json::parse(row);
        CHECK(json["loss"].is_null());
        CHECK(json["evaluated_loss"].is_null());
    }
}

TEST_CASE("log_to knows no locale", "[log_to]") {
    struct comma : std::numpunct<char> {
        char do_decimal_point() const override { return ','; }
        char do_thousands_sep() const override { return '.'; }
        std::string do_grouping() const override { return "\3"; }
    };
    const std::locale before = std::locale::global(std::locale(std::locale(), new comma));
    const temporary file;
    network net{input<2>{}, dense<3>{}};
    fit(net, clouds(20, 3), softmax_cross_entropy{}, adam{}, {.steps = 1'200},
        log_to{file("run.csv"), 1'200});
    std::locale::global(before);
    const auto rows = lines(file("run.csv"));
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].starts_with("1200,1200,0.001,"));
    CHECK(cells(rows[1]).size() == 9);
}

TEST_CASE("a run anew begins the file anew, a resumed one appends", "[log_to]") {
    const temporary file;
    network net{input<2>{}, dense<3>{}};
    trainer worker(net, softmax_cross_entropy{}, adam{});
    log_to log{file("run.csv"), 2};
    fit(worker, clouds(20, 3), {.steps = 4}, log);
    CHECK(lines(file("run.csv")).size() == 3);
    fit(worker, clouds(20, 3), {.steps = 8}, log);
    const auto rows = lines(file("run.csv"));
    REQUIRE(rows.size() == 5);
    CHECK(rows[0] == header);
    CHECK(rows[4].starts_with("8,"));
    fit(net, clouds(20, 3), softmax_cross_entropy{}, adam{}, {.steps = 2}, log);
    CHECK(lines(file("run.csv")).size() == 2);
}

TEST_CASE("log_to says what is wrong with its file", "[log_to]") {
    CHECK(message<argument_error>([] { log_to{"run.txt"}; })
          == "log_to: the file must end in .csv or .jsonl, got run.txt");
    CHECK(message<argument_error>([] {
              log_to{"run.csv", 0};
          })
          == "log_to: lines every 0 steps, at least 1 is needed");
    const temporary file;
    network net{input<2>{}, dense<3>{}};
    const std::string path = file("no/such/folder.csv");
    CHECK(message<file_error>(
              [&] { fit(net, clouds(20, 3), softmax_cross_entropy{}, adam{}, {.steps = 2}, log_to{path}); })
          == path + ": cannot be written");
}
