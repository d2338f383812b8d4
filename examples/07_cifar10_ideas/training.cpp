#include "ideas.hpp"

using namespace strata;

std::vector<idea> training() {
    return {
        {"exponential_decay", "the learning rate falls to a tenth, by the same factor every step",
         [](const experiment& e) {
             const exponential_decay falling{.initial = 1e-3, .rate = 0.1, .steps = e.steps()};
             return e.run(baseline(), adam{.learning_rate = falling}, e.train);
         }},
        {"cosine_decay", "a learning rate twice as high that falls to 0 along half a cosine",
         [](const experiment& e) {
             const cosine falling{.initial = 2e-3, .steps = e.steps()};
             return e.run(baseline(), adam{.learning_rate = falling}, e.train);
         }},
        {"l2", "the loss has 5e-4 w²/2 for every weight",
         [](const experiment& e) {
             return e.run(baseline(), adam{.learning_rate = 1e-3}, e.train, {.l2 = 5e-4});
         }},
        {"dropout", "dropout of a quarter in front of the dense layers, of a half between them",
         [](const experiment& e) {
             return e.run(network{input<32, 32, 3>{},                      //
                                  convolution<16>, relu{}, max_pool2d<>{}, //
                                  convolution<32>, relu{}, max_pool2d<>{}, //
                                  flatten{}, dropout{.rate = 0.25f},       //
                                  dense<128>{}, relu{}, dropout{.rate = 0.5f}, dense<10>{}});
         }},
        {"momentum", "sgd with Nesterov momentum instead of Adam",
         [](const experiment& e) {
             return e.run(baseline(), sgd{.learning_rate = 0.01, .momentum = 0.9, .nesterov = true}, e.train);
         }},
        {"adagrad", "Adagrad instead of Adam",
         [](const experiment& e) { return e.run(baseline(), adagrad{.learning_rate = 0.01}, e.train); }},
        {"adadelta", "Adadelta instead of Adam",
         [](const experiment& e) { return e.run(baseline(), adadelta{}, e.train); }},
        {"augmentation", "images flipped at random and shifted by up to two pixels",
         [](const experiment& e) {
             const auto varied = e.train.with(horizontal_flip{}, random_crop{.padding = 2});
             return e.run(baseline(), adam{.learning_rate = 1e-3}, varied);
         }},
    };
}
