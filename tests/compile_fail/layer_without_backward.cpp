// expect: a layer needs backward(const T* x, const T* y, const T* dy, T* dx, const pass&)
// shows: bound<1, twice
#include <strata/strata.hpp>
using namespace strata;

struct twice {
    static constexpr std::string_view name = "twice";
    static constexpr shape output(shape in) { return in; }

    template <shape In, class T> struct layer {
        void forward(const T* x, T* y, const pass& p) const {
            for (strata::index i = 0; i < p.batch * In.size(); ++i) y[i] = 2 * x[i];
        }
#ifdef CORRECTED
        void backward(const T*, const T*, const T* dy, T* dx, const pass& p) {
            for (strata::index i = 0; i < p.batch * In.size(); ++i) dx[i] = 2 * dy[i];
        }
#endif
    };
};

network net{input<16>{}, dense<8>{}, twice{}};
