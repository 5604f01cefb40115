//! The states still to be expanded, encoded, first in first out.

use std::collections::VecDeque;

use serde::{Serialize, de::DeserializeOwned};

/// Bytes after which a new piece begins; a piece is freed when it is read.
const PIECE_BYTES: usize = 1 << 16;

/// A queue of encoded states.
#[derive(Default)]
pub(crate) struct Queue {
    pieces: VecDeque<Vec<u8>>,
    /// How much of the first piece is read.
    read: usize,
    len: u64,
}

impl Queue {
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn push<S: Serialize>(&mut self, state: &S) -> Result<(), postcard::Error> {
        if self.pieces.back().is_none_or(|piece| piece.len() >= PIECE_BYTES) {
            self.pieces.push_back(Vec::new());
        }
        let piece = std::mem::take(self.pieces.back_mut().expect("pushed above"));
        *self.pieces.back_mut().expect("pushed above") = postcard::to_extend(state, piece)?;
        self.len += 1;
        Ok(())
    }

    pub fn pop<S: DeserializeOwned>(&mut self) -> Option<Result<S, postcard::Error>> {
        if self.len == 0 {
            return None;
        }
        if self.pieces.front().is_some_and(|piece| piece.len() == self.read && piece.len() >= PIECE_BYTES) {
            self.pieces.pop_front();
            self.read = 0;
        }
        let piece = self.pieces.front().expect("it is not empty");
        let state = postcard::take_from_bytes(&piece[self.read..]).map(|(state, rest)| {
            self.read = piece.len() - rest.len();
            state
        });
        self.len -= 1;
        Some(state)
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let mut queue = Queue::default();
        let text = |number: u32| format!("state {number}");
        let (mut pushed, mut popped) = (0, 0);
        for round in 1..300 {
            for _ in 0..round {
                queue.push(&text(pushed)).unwrap();
                pushed += 1;
            }
            for _ in 0..round / 2 {
                assert_eq!(queue.pop::<String>(), Some(Ok(text(popped))));
                popped += 1;
            }
            assert_eq!(queue.len(), u64::from(pushed - popped));
        }
        while let Some(found) = queue.pop::<String>() {
            assert_eq!(found, Ok(text(popped)));
            popped += 1;
        }
        assert_eq!(popped, pushed);
        assert_eq!(queue.pop::<String>(), None);
    }
}
