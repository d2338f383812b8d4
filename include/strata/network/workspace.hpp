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
    /// Room for what is kept from forward to backward, and right behind it for what a single pass needs.
    /// `user` is whose memory it then holds.
    pass room(const extent& e, index memory, index scratch, const void* user = nullptr) {
        if (m_bytes.size() < aligned(memory) + scratch)
            m_bytes = buffer<std::byte>(aligned(memory) + scratch);
        m_last = e;
        m_user = user;
        return {e, m_bytes.data(), m_bytes.data() + aligned(memory), {}};
    }
    /// The run that `room` was last asked for.
    const extent& last() const { return m_last; }
    /// Who asked.
    const void* user() const { return m_user; }
    /// Bytes held.
    index size() const { return m_bytes.size(); }

private:
    buffer<std::byte> m_bytes;
    extent m_last{0, 0, false};
    const void* m_user = nullptr;
};

} // namespace strata
