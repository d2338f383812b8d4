// expect: frozen: the layer does not say how its input gradient is computed alone
#include <strata/strata.hpp>
using namespace strata;

struct twice {
    static constexpr shape output(shape in) { return in; }
    template <shape In, class T> struct layer;
};
template <shape In, class T> struct twice::layer {
    twice spec;
    parameter<T, 1> unused{};
    static constexpr auto parameters =
        std::tuple{starts_at(2.f, "unused", &layer::unused, extents(1), kind::scale)};

    void forward(const T* x, T* y, const pass& p) const {
        for (strata::index i = 0; i < p.batch * In.size(); ++i) y[i] = 2 * x[i];
    }
    void backward(const T*, const T*, const T*, auto, const pass&) {}
};

#ifdef CORRECTED
network net{input<4>{}, frozen{twice{}}, dense<2>{}}; // nothing in front is trained
#else
network net{input<4>{}, dense<4>{}, frozen{twice{}}, dense<2>{}};
#endif

void train(const float* x, const float* y, const float* dy, workspace& room) {
    net.backward(x, y, dy, nullptr, 1, room);
}
