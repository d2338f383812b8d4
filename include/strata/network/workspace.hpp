#pragma once

#include <strata/core/buffer.hpp>
#include <strata/core/pass.hpp>

#include <cstddef>

namespace strata {

/// The memory of one thread that runs a network: activations, deltas, what layers remember, scratch. It grows
/// when a larger batch or network comes and is then used again without another allocation. One workspace
/// serves any number of networks, one at a time.
class workspace {
public:
    /// Room for what is kept from forward to backward, and for what a single pass needs. `user` is whose
    /// memory it then holds.
    pass room(const extent& e, index memory, index scratch, const void* user = nullptr) {
        if (m_memory.size() < memory) m_memory = buffer<std::byte>(memory);
        if (m_scratch.size() < scratch) m_scratch = buffer<std::byte>(scratch);
        m_last = e;
        m_user = user;
        return {e, m_memory.data(), m_scratch.data(), {}};
    }
    /// The run that `room` was last asked for.
    const extent& last() const { return m_last; }
    /// Who asked.
    const void* user() const { return m_user; }
    /// Bytes held.
    index size() const { return m_memory.size() + m_scratch.size(); }

private:
    buffer<std::byte> m_memory, m_scratch;
    extent m_last{0, 0, false};
    const void* m_user = nullptr;
};

} // namespace strata
