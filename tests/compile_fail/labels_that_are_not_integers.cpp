// expect: class labels are integers
#include <strata/strata.hpp>
using namespace strata;

#ifdef CORRECTED
using label_type = std::int32_t;
#else
using label_type = float;
#endif

strata::index count(const tensor<float, 4>& images, const tensor<label_type, 1>& labels) {
    return data::dataset<float, label_type>(images, labels).size();
}
