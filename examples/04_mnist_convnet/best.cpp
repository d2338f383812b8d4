// Five convolutions with batch norm, trained on digits that are turned, scaled, sheared, moved and bent anew
// in every epoch. Network, augmentation and learning rate were chosen with the last 5,000 training digits set
// apart for validation; the test set is looked at once, when training on all 60,000 is over.

#include "best.hpp"

#include <iostream>

using namespace strata;

void train_best(example& run) {
    const auto images = run.mnist();
    const parts data{images.train.with(affine{.rotation = 10, .scale = 0.1, .shear = 5, .translation = 2},
                                       elastic{.smoothness = 5}),
                     images.validation, images.test};

    constexpr auto filters = [](strata::index n) {
        return conv{.filters = n, .padding = same, .bias = false};
    };
    const batch_norm<> normal{.momentum = 0.9f};
    // clang-format off
    network net{input<28, 28, 1>{},
                conv2d<conv{.filters = 32, .kernel = 5, .bias = false}>{}, max_pool2d<>{}, normal, relu{},
                conv2d<filters(64)>{}, normal, relu{},
                conv2d<filters(64)>{}, normal, relu{}, max_pool2d<>{},
                conv2d<filters(128)>{}, normal, relu{},
                conv2d<filters(128)>{}, normal, relu{}, global_max_pool{},
                dropout{.rate = 0.3f},
                dense<10>{}};
    // clang-format on
    net.initialise(run.seed);
    if (!run.quiet) std::cout << summary(net) << '\n';

    auto best = run.track(data.test);
    auto options = run.options();
    options.average.decay = 0.99;
    const adamw rule{.learning_rate = triangle{.peak = 5e-3, .steps = run.steps}, .weight_decay = 0.05};
    const auto trained =
        fit(net, data.train, softmax_cross_entropy{.label_smoothing = 0.05}, rule, options, best, run.show());
    run.report(net, trained, data, best, {.augment = {.shift = 1, .mode = padding_mode::zero}});
}
