// expect: trainer, fit: the network is const, but training changes it
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
void train(network<input<8>, dense<4>>& net, const data::dataset<float>& samples) {
#else
void train(const network<input<8>, dense<4>>& net, const data::dataset<float>& samples) {
#endif
    fit(net, samples, softmax_cross_entropy{}, adam{}, {.epochs = 1});
}
