// expect: a layer with parameters needs backward(const T* x, const T* y, const T* dy, auto dx, const pass&)
// shows: bound<0, shift
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
#define GRADIENT auto
#else
#define GRADIENT T*
#endif

struct shift {
    static constexpr std::string_view name = "shift";
    static constexpr shape output(shape in) { return in; }

    template <shape In, class T> struct layer {
        parameter<T, 1> by{};
        static constexpr auto parameters =
            std::tuple{starts_at(0, "by", &layer::by, extents(1), kind::offset)};

        void forward(const T* x, T* y, const pass& p) const {
            for (strata::index i = 0; i < p.batch * In.size(); ++i) y[i] = x[i] + by.value(0);
        }
        void backward(const T*, const T*, const T* dy, GRADIENT dx, const pass& p) {
            by.gradient(0) = 0;
            for (strata::index i = 0; i < p.batch * In.size(); ++i) {
                by.gradient(0) += dy[i];
                if constexpr (!std::is_null_pointer_v<decltype(dx)>) dx[i] = dy[i];
            }
        }
    };
};

network net{input<16>{}, shift{}, dense<8>{}};
