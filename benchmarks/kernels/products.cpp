// The matrix products of the dense layers of the eight models, as kernels: without bias.

#include <strata/core/parallel.hpp>
#include <strata/kernels/gemm.hpp>

#include <string>

#include "kernels/kernels.hpp"
#include "support/arrays.hpp"
#include "support/models.hpp"

using strata::plain;
using strata::transposed;

void add_products(std::vector<bench::subject>& to) {
    for (const auto& c : bench::denses) {
        const strata::index batch = c.batch, features = c.features, units = c.units;
        const auto one = [&](const char* what, auto product, auto serial) {
            to.push_back({std::string(c.name) + "/product", what, c.batch, c.flop(), 0, [=] {
                              const auto x = bench::numbers(batch * features),
                                         w = bench::numbers(features * units),
                                         y = bench::numbers(batch * units);
                              return std::vector<bench::way>{
                                  {"gemm", [=] { product(x->data(), w->data(), y->data()); }},
                                  {"BLAS", [=] { serial(x->data(), w->data(), y->data()); }}};
                          }});
        };
        one(
            "fwd",
            [=](float* x, float* w, float* y) {
                strata::gemm(y, units, plain(x, features), plain(w, units), batch, units, features);
            },
            [=](float* x, float* w, float* y) {
                strata::gemm_serial(y, units, plain(x, features), plain(w, units), batch, units, features);
            });
        one(
            "bwd_data",
            [=](float* x, float* w, float* y) {
                strata::gemm(x, features, plain(y, units), transposed(w, units), batch, features, units);
            },
            [=](float* x, float* w, float* y) {
                strata::gemm_serial(x, features, plain(y, units), transposed(w, units), batch, features,
                                    units);
            });
        one(
            "bwd_weights",
            [=](float* x, float* w, float* y) {
                strata::gemm(w, units, transposed(x, features), plain(y, units), features, units, batch);
            },
            [=](float* x, float* w, float* y) {
                strata::gemm_serial(w, units, transposed(x, features), plain(y, units), features, units,
                                    batch);
            });
    }
}
