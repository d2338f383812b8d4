// Kernels in all the ways strata has them: convolutions and dense layers pass by pass, optimizer updates.
//
//     build/release/benchmarks/kernels [--threads 1,2] [--filter M7.c2] [--variant automatic] [--json]

#include "kernels/kernels.hpp"

int main(int argc, char** argv) {
    std::vector<bench::subject> subjects;
    add_convolutions(subjects);
    add_dense_layers(subjects);
    add_updates(subjects);
    return bench::compare(argc, argv, "Kernels in all the ways strata has them", subjects);
}
