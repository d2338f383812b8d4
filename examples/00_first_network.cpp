#include <strata/strata.hpp>

#include <cstdio>

using namespace strata;

int main(int argc, char** argv) try {
    const auto folder = argc > 1 ? argv[1] : data::cache_directory() / "mnist";
    auto [train, validation, test] = data::mnist(folder, split{.train = 55'000, .validation = 5'000});

    network net{input<28, 28, 1>{},
                conv2d<conv{.filters = 8, .kernel = 5, .stride = 2, .padding = same}>{},
                relu{},
                conv2d<conv{.filters = 16, .kernel = 5, .stride = 2, .padding = same}>{},
                relu{},
                flatten{},
                dense<128>{},
                relu{},
                dropout{.rate = 0.25f},
                dense<10>{}};
    static_assert(decltype(net)::parameter_count == 105'194); // known while it compiles

    fit(net, train, softmax_cross_entropy{}, adam{.learning_rate = cosine{.initial = 0.002, .steps = 3'000}},
        {.batch_size = 100, .steps = 3'000, .seed = 1}, evaluate_on{validation}, progress_bar{});

    std::printf("test accuracy %.2f %%\n", 100 * evaluate(net, test).accuracy);
} catch (const strata::error& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 2;
}
