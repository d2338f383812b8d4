// expect: the specification must be the first member of its layer, or its options are lost
// shows: scaled
#include <strata/strata.hpp>
using namespace strata;

struct scaled {
    float factor = 2;

    static constexpr std::string_view name = "scaled";
    static constexpr shape output(shape in) { return in; }

    template <shape In, class T> struct layer;
};

template <shape In, class T> struct scaled::layer {
#ifdef CORRECTED
    scaled spec;
    int calls = 0;
#else
    int calls = 0;
    scaled spec;
#endif

    void forward(const T* x, T* y, const pass& p) const {
        for (strata::index i = 0; i < p.batch * In.size(); ++i) y[i] = spec.factor * x[i];
    }
    void backward(const T*, const T*, const T* dy, T* dx, const pass& p) {
        for (strata::index i = 0; i < p.batch * In.size(); ++i) dx[i] = spec.factor * dy[i];
    }
};

network net{input<16>{}, scaled{.factor = 3}};
