//! What keeps the numbers in locks from telling the values that they stand for.
//!
//! Everybody can read `pg_locks`, and whoever knows how a value is hashed can try all that come into question. So hashes are mixed with a secret
//! of the database before they are locked, and with the tview: nobody learns another tview's numbers from one of their own. Whoever may write to
//! a source of a tview still sees, in the own locks, which number a value of the own choice gets there.
//!
//! The secret is a row of a table, made when the extension is: what locks a prepared transaction holds is the same after a restart. It is in no
//! dump: a database that is restored has another one, and no transactions of the old one.

use pgrx::pg_sys;

/// The secret of a database.
#[derive(Clone, Copy)]
pub struct Secret([u64; 2]);

/// The locks of a tview's values.
#[derive(Clone, Copy)]
pub struct Tags {
    tview: pg_sys::Oid,
    secret: Secret,
}

/// By what a value is locked. Only [`Tags`] makes one: no bare hash gets into a lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tag {
    pub(super) tview: u32,
    /// Of which kind the value is: 0 for a unit, a column's number for a value of a link, a marked number for one over which searches go.
    pub(super) number: u16,
    pub(super) mixed: u32,
}

impl Secret {
    /// From its stored form.
    pub fn new(bytes: [u8; 16]) -> Secret {
        let number = u128::from_be_bytes(bytes);
        Secret([(number >> 64) as u64, number as u64])
    }

    /// SipHash-1-3 of two words of which the second is short, so that it holds the length as well.
    fn mix(self, first: u64, second: u16) -> u64 {
        const LENGTH: u64 = 10 << 56;
        let [low, high] = self.0;
        let mut state = [
            low ^ 0x736f_6d65_7073_6575,
            high ^ 0x646f_7261_6e64_6f6d,
            low ^ 0x6c79_6765_6e65_7261,
            high ^ 0x7465_6462_7974_6573,
        ];
        for word in [first, LENGTH | u64::from(second)] {
            state[3] ^= word;
            turn(&mut state);
            state[0] ^= word;
        }
        state[2] ^= 0xff;
        for _ in 0..3 {
            turn(&mut state);
        }
        state[0] ^ state[1] ^ state[2] ^ state[3]
    }
}

/// A round of SipHash.
fn turn(state: &mut [u64; 4]) {
    let [mut a, mut b, mut c, mut d] = *state;
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    *state = [a, b, c, d];
}

impl Tags {
    /// Those of a tview.
    pub fn new(tview: pg_sys::Oid, secret: Secret) -> Tags {
        Tags { tview, secret }
    }

    /// Of a unit, by the hash of its key.
    pub fn unit(&self, hash: u32) -> Tag {
        self.tag(0, hash)
    }

    /// Of a value in a column that shows where rows are linked to.
    pub fn value(&self, attnum: i16, hash: u32) -> Tag {
        self.tag(attnum.unsigned_abs(), hash)
    }

    /// Of a value over which searches enter a table, by a number for the column.
    pub fn path(&self, edge: u16, hash: u32) -> Tag {
        const MARK: u16 = 0x8000;
        self.tag(MARK | edge, hash)
    }

    fn tag(&self, number: u16, hash: u32) -> Tag {
        let first = u64::from(self.tview.to_u32()) << 32 | u64::from(hash);
        Tag {
            tview: self.tview.to_u32(),
            number,
            mixed: self.secret.mix(first, number) as u32,
        }
    }
}
