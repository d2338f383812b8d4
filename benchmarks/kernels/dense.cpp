// Every pass of the dense layers of the eight models, and of shapes that nothing was tuned for, by every
// algorithm.

#include <strata/core/parallel.hpp>
#include <strata/kernels/dense.hpp>

#include <sstream>
#include <string>

#include "kernels/kernels.hpp"
#include "support/arrays.hpp"
#include "support/models.hpp"

using strata::dense_algorithm;
using strata::dense_pass;
using strata::dense_sizes;

namespace {

/// What can be forced. A new algorithm is a line here.
struct algorithm {
    const char* name;
    dense_algorithm which;
    bool (*can)(dense_pass, const dense_sizes&);
};

const algorithm algorithms[] = {
    {"tiled", dense_algorithm::tiled, [](dense_pass, const dense_sizes&) { return true; }},
    {"turned", dense_algorithm::turned,
     [](dense_pass p, const dense_sizes&) { return p == dense_pass::backward_weights; }},
    {"dots", dense_algorithm::dots,
     [](dense_pass p, const dense_sizes&) { return p != dense_pass::backward_weights; }},
    {"swept", dense_algorithm::swept,
     [](dense_pass p, const dense_sizes& s) { return p == dense_pass::forward && s.batch <= 8; }},
    {"BLAS", dense_algorithm::blas, [](dense_pass, const dense_sizes&) { return true; }},
};

std::vector<bench::way> ways(const dense_sizes& s, dense_pass pass) {
    const int threads = strata::threads();
    const auto x = bench::numbers(s.batch * s.features), w = bench::numbers(s.features * s.units),
               b = bench::numbers(s.units), y = bench::numbers(s.batch * s.units);
    const auto memory =
        std::make_shared<strata::buffer<std::byte>>(strata::dense_scratch<float>(s, threads, true));
    const auto way = [=](const char* name, dense_algorithm by) -> bench::way {
        if (pass == dense_pass::forward)
            return {name, [=] {
                        strata::dense_forward(y->data(), x->data(), w->data(), b->data(), s, threads,
                                              memory->data(), strata::no_activation{}, by);
                    }};
        if (pass == dense_pass::backward_data)
            return {name, [=] {
                        strata::dense_backward_data(x->data(), y->data(), w->data(), s, threads,
                                                    memory->data(), static_cast<const float*>(nullptr),
                                                    strata::no_activation{}, by);
                    }};
        return {name, [=] {
                    strata::dense_backward_weights(w->data(), b->data(), x->data(), y->data(), s, threads,
                                                   memory->data(), by);
                }};
    };
    std::vector found{way(bench::automatic, strata::dense_choice(pass, s))};
    for (const algorithm& a : algorithms)
        if (a.can(pass, s)) found.push_back(way(a.name, a.which));
    return found;
}

void add(std::vector<bench::subject>& to, const std::string& name, const bench::dense_case& c) {
    const dense_sizes sizes{c.batch, c.features, c.units};
    const auto one = [&](const char* what, dense_pass pass) {
        to.push_back({name, what, c.batch, c.flop(), 0, [=] { return ways(sizes, pass); }});
    };
    one("fwd", dense_pass::forward);
    if (!c.first) one("bwd_data", dense_pass::backward_data);
    one("bwd_weights", dense_pass::backward_weights);
}

/// Batch, features, units.
constexpr bench::dense_case held_out[] = {
    {"", 1, 784, 33},   {"", 1, 5408, 1024}, {"", 2, 300, 7},    {"", 7, 1001, 101}, {"", 7, 77, 5},
    {"", 64, 333, 333}, {"", 64, 50, 1000},  {"", 512, 129, 17}, {"", 512, 17, 129}, {"", 512, 1000, 3},
};

} // namespace

void add_dense_layers(std::vector<bench::subject>& to) {
    for (const auto& c : bench::denses) add(to, std::string(c.name), c);
    for (const auto& c : held_out) {
        std::ostringstream name;
        name << "held-out/" << c.batch << 'x' << c.features << '-' << c.units;
        add(to, name.str(), c);
    }
}
