//! A growing array in pieces.
//!
//! A `Vec` of gigabytes needs the old and the new copy at the same time when it
//! doubles, and keeps up to half of it unused. Here only the last piece has room.

/// Elements of a piece, as a power of two.
const PIECE_BITS: u32 = 18;
const PIECE: usize = 1 << PIECE_BITS;

/// Grows and shrinks at the end; read and written anywhere.
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

    pub fn pop(&mut self) -> Option<T> {
        let value = self.pieces.last_mut()?.pop()?;
        self.len -= 1;
        if self.len & (PIECE - 1) == 0 {
            self.pieces.pop();
        }
        Some(value)
    }

    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.pieces.last_mut()?.last_mut()
    }

    pub fn last(&self) -> Option<T> {
        self.pieces.last()?.last().copied()
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
        let mut popped = 0;
        while let Some(value) = array.last() {
            assert_eq!((array.last_mut().copied(), array.pop()), (Some(value), Some(value)));
            popped += 1;
            if popped == 5 {
                break;
            }
        }
        assert_eq!((array.len(), array.last()), (len - 5, Some(len as u32 - 6)));
        array.push(9);
        assert_eq!((array.pop(), array.len()), (Some(9), len - 5));
        assert!(array.bytes() >= 2 * PIECE as u64 * 4 - 20 && array.bytes() <= 2 * PIECE as u64 * 4);
        while array.pop().is_some() {}
        assert_eq!((array.len(), array.bytes(), array.last()), (0, 0, None));
    }
}
