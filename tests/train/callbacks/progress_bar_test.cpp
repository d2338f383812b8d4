// libstdc++'s <regex> is not clean for g++ 12 with sanitizers.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <strata/layers/dense.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/network/network.hpp>
#include <strata/optim/adam.hpp>
#include <strata/train/callbacks/evaluate_on.hpp>
#include <strata/train/callbacks/progress_bar.hpp>
#include <strata/train/fit.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <regex>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <sys/ioctl.h>
#include <termios.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "../samples.hpp"
#include "support/catch.hpp"

using namespace strata;
using namespace strata::testing;

namespace {

/// What `act` prints to the file that it is given, which is no terminal.
template <class Act> std::vector<std::string> printed(const Act& act) {
    std::FILE* file = std::tmpfile();
    REQUIRE(file);
    act(file);
    std::rewind(file);
    std::vector<std::string> lines{""};
    for (int c; (c = std::fgetc(file)) != EOF;)
        if (c == '\n')
            lines.emplace_back();
        else
            lines.back() += static_cast<char>(c);
    std::fclose(file);
    return lines;
}

/// A terminal of `columns` columns that remembers what was on every line and counts how often one was drawn.
struct screen {
    std::string all;
    std::vector<std::string> lines{""};
    std::size_t draws = 0, widest = 0;
    bool clean = true; ///< the cursor is at the begin of an empty line
};
template <class Act> screen shown(unsigned short columns, const Act& act) {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE((master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0));
    std::FILE* out = fdopen(open(ptsname(master), O_RDWR | O_NOCTTY), "w");
    REQUIRE(out);
    const winsize size{.ws_row = 25, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(fileno(out), TIOCSWINSZ, &size);
    screen s;
    std::thread reader([&] { // else a full buffer would stop the run
        char text[4096];
        for (ssize_t n; (n = read(master, text, sizeof text)) > 0;)
            s.all.append(text, static_cast<std::size_t>(n));
    });
    act(out);
    std::fclose(out);
    reader.join();
    close(master);

    std::size_t column = 0;
    for (std::size_t i = 0; i < s.all.size(); ++i) {
        const char c = s.all[i];
        if (c == '\n') {
            s.lines.emplace_back();
        } else if (c == '\r') {
            column = 0;
            s.draws += s.all.compare(i, 2, "\r\n") != 0 && s.all.compare(i, 4, "\r\033[K") != 0;
        } else if (s.all.compare(i, 3, "\033[K") == 0) {
            s.lines.back().resize(std::min(s.lines.back().size(), column));
            i += 2;
        } else {
            s.lines.back().resize(std::max(s.lines.back().size(), column + 1), ' ');
            s.lines.back()[column++] = c;
            s.widest = std::max(s.widest, column);
        }
    }
    s.clean = column == 0 && s.lines.back().empty();
    return s;
}

void check_match(const std::string& line, const std::string& pattern) {
    INFO(line << "\n" << pattern);
    CHECK(std::regex_match(line, std::regex(pattern)));
}

const std::string number = R"(\d+\.\d{4})", percent = R"(\d+\.\d\d %)",
                  rest = R"(  \d+ samples/s  \d:\d\d left)", total = R"(  \d+ samples/s  in \d+\.\d s)";

void wait(std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
}

} // namespace

TEST_CASE("off a terminal the progress is a line an epoch", "[progress_bar]") {
    const auto lines = printed([](std::FILE* out) {
        network net{input<2>{}, dense<3>{}};
        fit(net, clouds(40, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 4, .epochs = 3},
            progress_bar{.out = out}, evaluate_on{clouds(9, 3)});
    });
    REQUIRE(lines.size() == 4);
    const std::string values = "  loss " + number + "  accuracy " + percent + "  validation loss " + number
                               + "  accuracy " + percent;
    check_match(lines[0], "10/30  epoch 1/3" + values + rest);
    check_match(lines[1], "20/30  epoch 2/3" + values + rest);
    check_match(lines[2], "30/30  epoch 3/3" + values + total);
    CHECK(lines[3] == "");
}

TEST_CASE("a line shows means since the line before, and evaluations since then", "[progress_bar]") {
    double loss = 0, accuracy = 0;
    evaluate_on look{clouds(9, 3), 4, "test"};
    const auto lines = printed([&](std::FILE* out) {
        network net{input<2>{}, dense<3>{}};
        fit(
            net, clouds(20, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 10, .steps = 7},
            progress_bar{.every = 3, .out = out},
            [&](auto& run) {
                if (run.step() > 3 && run.step() <= 6) {
                    loss += run.last.loss / 3;
                    accuracy += run.last.accuracy / 3;
                }
            },
            look);
    });
    REQUIRE(lines.size() == 4);
    check_match(lines[0], "3/7  epoch 2/4  loss " + number + "  accuracy " + percent + rest);
    char expected[80];
    std::snprintf(expected, sizeof expected, "6/7  epoch 3/4  loss %.4f  accuracy %.2f %%", loss,
                  100 * accuracy);
    check_match(lines[1], std::string(expected) + "  test loss " + number + "  accuracy " + percent + rest);
    check_match(lines[2], "7/7  epoch 4/4  loss " + number + "  accuracy " + percent + "  test loss " + number
                              + "  accuracy " + percent + total);
    std::snprintf(expected, sizeof expected, "test loss %.4f  accuracy %.2f %%", look.newest.loss,
                  100 * look.newest.accuracy);
    CHECK(lines[2].find(expected) != std::string::npos);
}

TEST_CASE("a line at the end of an epoch has the means over all of it", "[progress_bar]") {
    double loss = 0, accuracy = 0;
    const auto lines = printed([&](std::FILE* out) {
        network net{input<2>{}, dense<3>{}};
        fit(
            net, clouds(50, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 10, .epochs = 2},
            progress_bar{.every = 2, .epochs = true, .out = out},
            [&](auto& run) {
                if (run.step() <= 5) {
                    loss += run.last.loss / 5;
                    accuracy += run.last.accuracy / 5;
                }
            },
            evaluate_on{clouds(9, 3)});
    });
    const std::string values = "loss " + number + "  accuracy " + percent;
    REQUIRE(lines.size() == 7);
    check_match(lines[0], " 2/10  epoch 1/2  " + values + rest);
    check_match(lines[1], " 4/10  epoch 1/2  " + values + rest);
    char expected[80];
    std::snprintf(expected, sizeof expected, " 5/10  epoch 1/2  mean loss %.4f  accuracy %.2f %%", loss,
                  100 * accuracy);
    check_match(lines[2], std::string(expected) + "  validation " + values + rest);
    check_match(lines[3], " 6/10  epoch 2/2  " + values + rest);
    check_match(lines[4], " 8/10  epoch 2/2  " + values + rest);
    check_match(lines[5], "10/10  epoch 2/2  mean " + values + "  validation " + values + total);
}

TEST_CASE("rows of targets have no accuracy to show", "[progress_bar]") {
    const auto lines = printed([](std::FILE* out) {
        network net{input<2>{}, dense<1>{}};
        fit(net, plane(40), mean_squared_error{}, adam{}, {.batch_size = 4, .epochs = 1},
            progress_bar{.out = out}, evaluate_on{plane(9)});
    });
    REQUIRE(lines.size() == 2);
    check_match(lines[0], "10/10  epoch 1/1  loss " + number + "  validation loss " + number + total);
}

TEST_CASE("long runs get at most some fifty lines, small losses their digits", "[progress_bar]") {
    const auto lines = printed([](std::FILE* out) {
        network net{input<2>{}, dense<1>{}};
        fit(net, plane(8), mean_squared_error{}, adam{0.05}, {.batch_size = 8, .epochs = 999},
            progress_bar{.out = out});
    });
    CHECK(lines.size() > 40);
    CHECK(lines.size() <= 52);
    check_match(lines.at(lines.size() - 2), R"(999/999  epoch 999/999  loss \d\.\d{3}e-\d\d)" + total);
}

TEST_CASE("a run that was stopped says why", "[progress_bar]") {
    const auto previous = std::signal(SIGINT, SIG_DFL);
    const auto lines = printed([](std::FILE* out) {
        network net{input<2>{}, dense<3>{}};
        fit(net, clouds(40, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 4, .epochs = 3},
            progress_bar{.out = out}, [](auto& run) {
                if (run.step() == 5) std::raise(SIGINT);
            });
    });
    std::signal(SIGINT, previous);
    REQUIRE(lines.size() == 3);
    check_match(lines[0], " 5/30  epoch 1/3  loss " + number + "  accuracy " + percent + total);
    CHECK(lines[1] == "stopped after step 5: Ctrl-C");
}

TEST_CASE("a resumed run counts its own time and samples", "[progress_bar]") {
    const auto lines = printed([](std::FILE* out) {
        network net{input<2>{}, dense<3>{}};
        trainer worker(net, softmax_cross_entropy{}, adam{});
        const labelled data = clouds(40, 3);
        fit(worker, data, {.batch_size = 4, .steps = 25});
        wait(std::chrono::milliseconds(300));
        progress_bar bar{.every = 5, .out = out};
        fit(worker, data, {.batch_size = 4, .steps = 30}, bar,
            [](auto&) { wait(std::chrono::milliseconds(4)); });
        CHECK(bar.seen.samples == 20);
    });
    REQUIRE(lines.size() == 2);
    check_match(lines[0], "30/30 .*" + total);
    const double speed = std::stod(lines[0].substr(lines[0].find(" %  ") + 4));
    CHECK(speed <= 1'000);
    CHECK(speed > 50);
}

TEST_CASE("on a terminal a bar moves below the lines, and is gone in the end", "[progress_bar]") {
    const auto start = std::chrono::steady_clock::now();
    const screen s = shown(160, [](std::FILE* out) {
        network net{input<2>{}, dense<3>{}};
        fit(net, clouds(400, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 4, .epochs = 3},
            progress_bar{.out = out}, evaluate_on{clouds(9, 3)},
            [](auto&) { wait(std::chrono::milliseconds(2)); });
    });
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    REQUIRE(s.lines.size() == 4);
    for (std::size_t i = 0; i < 3; ++i) {
        check_match(s.lines[i], std::to_string(i + 1) + "00/300  epoch .*(left|s)\r?");
        CHECK(s.lines[i].find('[') == std::string::npos);
    }
    CHECK(s.clean);
    CHECK(s.draws >= 4);
    CHECK(static_cast<double>(s.draws) <= 10 * time.count() + 1);
    check_match(s.all.substr(1, s.all.find("\033") - 1),
                R"(\[ {20}\]    1/300  epoch 1/3  loss \d.*% *\d* samples/s  \d+:\d\d left)");
    CHECK(std::regex_search(s.all, std::regex(R"(\r\[=+ +\]  \d)")));
}

TEST_CASE("no line is wider than the terminal", "[progress_bar]") {
    const auto columns = static_cast<unsigned short>(GENERATE(1, 20, 60, 80, 100, 140));
    const screen s = shown(columns, [](std::FILE* out) {
        network net{input<2>{}, dense<3>{}};
        fit(net, clouds(40, 3), softmax_cross_entropy{}, adam{}, {.batch_size = 4, .epochs = 6},
            progress_bar{.out = out},
            evaluate_on{clouds(9, 3), 4,
                        "pr\xC3\xBC"
                        "fung"},
            [](auto&) { wait(std::chrono::milliseconds(3)); });
    });
    CHECK(s.widest < columns + 1u); // "\xC3\xBC" is one column and two bytes here
    CHECK(s.clean);
    if (columns == 80) {
        check_match(s.lines[1], "20/60  (epoch 2/6  )?loss " + number + "  (accuracy )?" + percent
                                    + "  pr..fung " + percent + "  0:0. left\r?");
    }
}

TEST_CASE("an exception leaves the bar on a line of its own", "[progress_bar]") {
    const screen s = shown(120, [](std::FILE* out) {
        network net{input<2>{}, dense<3>{}};
        CHECK_THROWS_AS(fit(net, clouds(40, 3), softmax_cross_entropy{}, adam{}, {.steps = 100},
                            progress_bar{.every = 100, .out = out},
                            [](auto& run) {
                                if (run.step() == 9) throw std::runtime_error("stop");
                            }),
                        std::runtime_error);
    });
    CHECK(s.lines.size() == 2);
    CHECK(s.lines[0].starts_with("[                    ]    1/100  "));
    CHECK(s.clean);
}
