//! A growing array in pieces.
//!
//! A `Vec` of gigabytes needs the old and the new copy at the same time when it
//! doubles, and keeps up to half of it unused. Here only the last piece has room.

/// Elements of a piece, as a power of two.
const PIECE_BITS: u32 = 18;
const PIECE: usize = 1 << PIECE_BITS;

/// Appended to at the end, read and written anywhere.
#[derive(Debug)]
pub(crate) struct Chunked<T> {
    pieces: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Chunked { pieces: Vec::new(), len: 0 }
    }
}

impl<T: Copy> Chunked<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn push(&mut self, value: T) {
        if self.len & (PIECE - 1) == 0 {
            // The first piece grows as it needs: most graphs are small.
            self.pieces.push(if self.len == 0 { Vec::new() } else { Vec::with_capacity(PIECE) });
        }
        self.pieces.last_mut().expect("pushed above").push(value);
        self.len += 1;
    }

    #[inline]
    pub fn get(&self, index: usize) -> T {
        self.pieces[index >> PIECE_BITS][index & (PIECE - 1)]
    }

    #[inline]
    pub fn set(&mut self, index: usize, value: T) {
        self.pieces[index >> PIECE_BITS][index & (PIECE - 1)] = value;
    }

    /// What it holds in memory.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| (piece.capacity() * size_of::<T>()) as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunked, PIECE};

    #[test]
    fn pieces_make_one_array() {
        let mut array = Chunked::default();
        let len = 2 * PIECE + 3;
        (0..len).for_each(|index| array.push(index as u32));
        array.set(PIECE, 7);
        assert_eq!(array.len(), len);
        assert!((0..len).all(|index| array.get(index) == if index == PIECE { 7 } else { index as u32 }));
        assert!(array.bytes() >= len as u64 * 4 && array.bytes() <= 3 * PIECE as u64 * 4 + 4);
    }
}
