// A training step (forward, loss, backward, update) and an inference batch of eight networks, on random data
// that lies in memory.
//
//     build/release/benchmarks/models [--threads 1,2] [--filter M7] [--json]

#include "models/model.hpp"

int main(int argc, char** argv) {
    const auto options = bench::parse(argc, argv, "Training steps and inference batches of eight networks");
    bench::report report("strata", options);
    for (const int threads : options.threads) {
        report.begin(threads);
        const session s{options, report, threads};
        time_mnist_mlp(s);
        time_mnist_five_layers(s);
        time_mnist_convnet(s);
        time_mnist_convnet_bn(s);
        time_cifar_simple(s);
        time_cifar_complex(s);
        time_cifar_convnet(s);
        time_cifar_vgg(s);
    }
}
