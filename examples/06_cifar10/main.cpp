// Convolutional networks for the photographs of CIFAR-10: 32x32 pixels in colour, ten classes.
//
//     scripts/fetch cifar10
//     build/release/examples/cifar10 --variant simple|complex|convnet|best
//
// A file for each variant, so that they compile side by side.

#include "variants.hpp"

int main(int argc, char** argv) {
    example run("cifar10", "Convolutional networks for photographs of ten classes", 0, 0,
                {"simple", "complex", "best", "convnet"});
    double average = 0.99;
    run.option(
        "--average", average, 0, 0.9999,
        "decay of the average of the weights that is tested (not of the variant best); 0: the last weights, "
        "as in the source, which are some 2 % better or worse from step to step");
    return run.main(argc, argv, [&] {
        if (run.variant == "simple")
            train_simple(run, average);
        else if (run.variant == "complex")
            train_complex(run, average);
        else if (run.variant == "convnet")
            train_convnet(run, average);
        else
            train_best(run);
    });
}
