// Layers as networks run them, beside the same with a pass for every step, as xtensor expressions and as
// plain loops.
//
//     build/release/benchmarks/layers [--threads 1,2] [--filter M8.bn1] [--variant automatic] [--json]

#include "layers/layers.hpp"

int main(int argc, char** argv) {
    std::vector<bench::subject> subjects;
    add_convolutions(subjects);
    add_dense_layers(subjects);
    add_batch_norms(subjects);
    add_pools(subjects);
    add_others(subjects);
    return bench::compare(argc, argv, "Layers as networks run them, and other ways to do the same", subjects);
}
