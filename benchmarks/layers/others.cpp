// Layers and losses that do little more than read and write: activations, dropout, softmax and cross-entropy.

#include <cmath>
#include <span>
#include <sstream>

#include "layers/layers.hpp"
#include "support/xtensor.hpp"

using namespace strata;

namespace {

constexpr int batch = 64;

std::string size_text(strata::index rows, strata::index columns) {
    std::ostringstream text;
    text << '/' << rows << 'x' << columns;
    return text.str();
}

/// Both passes of a layer over flat samples.
template <strata::index Features, class Layer>
void add_both(std::vector<bench::subject>& to, const std::string& name, const Layer& layer,
              double arrays_back, const std::function<bench::way()>& other = {}) {
    const std::string full = name + size_text(batch, Features);
    const double bytes = sizeof(float) * batch * static_cast<double>(Features);
    to.push_back({full, "fwd", batch, 0, 2 * bytes, [=] {
                      std::vector ways{
                          way_of<shape{1, 1, Features}>(direction::forward, bench::automatic, layer, batch)};
                      if (other) ways.push_back(other());
                      return ways;
                  }});
    to.push_back({full, "bwd_data", batch, 0, arrays_back * bytes, [=] {
                      return std::vector{
                          way_of<shape{1, 1, Features}>(direction::backward, bench::automatic, layer, batch)};
                  }});
}

template <strata::index Features> bench::way relu_xtensor() {
    const auto x = bench::numbers(batch * Features), y = bench::zeros(batch * Features);
    return {"xtensor", [=] {
                auto to = view<float, 1>(y->data(), {batch * Features});
                xt::noalias(to) = xt::maximum(view<float, 1>(x->data(), {batch * Features}), 0.f);
            }};
}

template <strata::index Features> bench::way dropout_xtensor() {
    const auto x = bench::numbers(batch * Features), y = bench::zeros(batch * Features);
    return {"xtensor", [=] {
                auto to = view<float, 1>(y->data(), {batch * Features});
                const tensor<float, 1> drawn = xt::random::rand<float>({to.size()});
                xt::noalias(to) =
                    xt::where(drawn < 0.25f, 0.f, view<float, 1>(x->data(), {batch * Features}) / 0.75f);
            }};
}

double loss_xtensor(const bench::array& logits, const std::vector<label>& labels,
                    const bench::array& gradient, strata::index rows, strata::index classes) {
    const auto z = view<float, 2>(logits->data(), {rows, classes});
    auto dz = view<float, 2>(gradient->data(), {rows, classes});
    const tensor<float, 2> largest = xt::amax(z, {1}, xt::keep_dims);
    const tensor<float, 2> e = xt::exp(z - largest);
    const tensor<float, 2> total = xt::sum(e, {1}, xt::keep_dims);
    xt::noalias(dz) = e / total / static_cast<float>(rows);
    double loss = 0;
    for (strata::index i = 0; i < rows; ++i) {
        const auto row = static_cast<std::size_t>(i), truth = static_cast<std::size_t>(labels[row]);
        loss -= std::log(static_cast<double>(e(row, truth) / total(row, 0)));
        dz(row, truth) -= 1 / static_cast<float>(rows);
    }
    return loss / static_cast<double>(rows);
}

double loss_reference(const bench::array& logits, const std::vector<label>& labels,
                      const bench::array& gradient, strata::index rows, strata::index classes) {
    double loss = 0;
    for (strata::index i = 0; i < rows; ++i) {
        const float* const z = logits->data() + i * classes;
        float* const dz = gradient->data() + i * classes;
        const strata::index truth = labels[static_cast<std::size_t>(i)];
        float largest = z[0], total = 0;
        for (strata::index k = 1; k < classes; ++k) largest = std::max(largest, z[k]);
        for (strata::index k = 0; k < classes; ++k) total += dz[k] = std::exp(z[k] - largest);
        for (strata::index k = 0; k < classes; ++k)
            dz[k] = (dz[k] / total - (k == truth ? 1 : 0)) / static_cast<float>(rows);
        loss += static_cast<double>(std::log(total) - (z[truth] - largest));
    }
    return loss / static_cast<double>(rows);
}

void add_loss(std::vector<bench::subject>& to, strata::index rows, strata::index classes) {
    to.push_back({"softmax_cross_entropy/" + std::to_string(rows) + "x" + std::to_string(classes),
                  "loss+gradient", static_cast<int>(rows), 0,
                  2.0 * sizeof(float) * static_cast<double>(rows * classes), [=] {
                      const auto z = bench::numbers(rows * classes), dz = bench::zeros(rows * classes);
                      const auto labels = std::make_shared<std::vector<label>>();
                      for (strata::index i = 0; i < rows; ++i)
                          labels->push_back(static_cast<label>(i * 7 % classes));
                      const auto sum = std::make_shared<double>(0); // somebody looks at the losses
                      return std::vector<bench::way>{
                          {bench::automatic,
                           [=] {
                               *sum += softmax_cross_entropy{}(static_cast<const float*>(z->data()),
                                                               std::span<const label>(*labels), dz->data(),
                                                               rows, classes);
                           }},
                          {"xtensor", [=] { *sum += loss_xtensor(z, *labels, dz, rows, classes); }},
                          {"reference", [=] { *sum += loss_reference(z, *labels, dz, rows, classes); }}};
                  }});
}

} // namespace

void add_others(std::vector<bench::subject>& to) {
    add_both<65'536>(to, "relu", relu{}, 3, relu_xtensor<65'536>);
    add_both<65'536>(to, "sigmoid", sigmoid{}, 3);
    add_both<65'536>(to, "tanh", strata::tanh{}, 3);
    add_both<65'536>(to, "gelu", gelu{}, 3);
    add_both<200>(to, "dropout", dropout{.rate = 0.25f}, 2, dropout_xtensor<200>);
    add_both<65'536>(to, "dropout", dropout{.rate = 0.25f}, 2, dropout_xtensor<65'536>);
    for (const strata::index rows : {64, 100, 200}) add_loss(to, rows, 10);
    add_loss(to, 64, 1000);
}
