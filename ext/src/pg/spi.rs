//! Statements through the server programming interface.

use super::context::with_position;
use super::interrupts;
use super::keys::UnitSet;
use super::list::pointers;
use super::relation::attribute;
use super::text::{c_string, owned};
use crate::error::{Error, Result};
use pgrx::pg_sys;
use std::marker::PhantomData;

/// SPI, connected. While an error unwinds nothing is done: the server cleans up.
struct Session(());

impl Session {
    fn open() -> Result<Session> {
        // SAFETY: closed in `drop`.
        let code = unsafe { pg_sys::SPI_connect() };
        if code == pg_sys::SPI_OK_CONNECT as i32 {
            Ok(Session(()))
        } else {
            Err(failed("SPI_connect", code))
        }
    }

    fn run(&self, sql: &str) -> Result<u64> {
        let text = c_string(sql)?;
        // SAFETY: connected; the text is NUL-terminated.
        let code = unsafe { pg_sys::SPI_execute(text.as_ptr(), false, 0) };
        if code < 0 {
            Err(failed(sql, code))
        } else {
            Ok(processed())
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: connected by `open`.
            unsafe { pg_sys::SPI_finish() };
        }
    }
}

/// A connection to SPI within the operation of a tview's owner: for statements that can run code of a user.
pub struct Connection<'scope>(Session, PhantomData<&'scope ()>);

impl Connection<'_> {
    pub(super) fn open<'scope>() -> Result<Connection<'scope>> {
        Ok(Connection(Session::open()?, PhantomData))
    }

    /// Runs a query and returns all values as text.
    ///
    /// # Errors
    /// If SPI does.
    pub fn texts(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        self.0.run(sql)?;
        Ok(result_texts())
    }

    /// Prepares a statement.
    ///
    /// # Errors
    /// If SPI does.
    pub fn prepare(&self, sql: &str, types: &[pg_sys::Oid], planning: Planning) -> Result<Plan> {
        Plan::prepare(sql, types, planning)
    }
}

/// A connection to SPI for statements of our own: constant ones, and such that are made of quoted names.
pub struct OwnConnection<'scope>(Session, PhantomData<&'scope ()>);

impl OwnConnection<'_> {
    pub(super) fn open<'scope>() -> Result<OwnConnection<'scope>> {
        Ok(OwnConnection(Session::open()?, PhantomData))
    }

    /// Runs one statement without arguments; returns the number of rows it processed.
    ///
    /// # Errors
    /// If SPI does.
    pub fn run(&self, sql: &str) -> Result<u64> {
        self.0.run(sql)
    }

    /// Runs a query and returns all values as text.
    ///
    /// # Errors
    /// If SPI does.
    pub fn texts(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        self.run(sql)?;
        Ok(result_texts())
    }

    /// Runs a statement with text arguments against the latest state, as the server reads its own catalogs: a transaction whose
    /// snapshot is older than a tview has to maintain it all the same. Returns all values as text.
    ///
    /// # Errors
    /// If SPI does.
    pub fn texts_with(&self, sql: &str, arguments: &[&str]) -> Result<Vec<Vec<Option<String>>>> {
        let types = vec![pg_sys::TEXTOID; arguments.len()];
        let plan = Plan::prepare(sql, &types, Planning::Custom)?;
        let values: Vec<Value> = arguments.iter().map(|text| Value::text(text)).collect();
        plan.execute_any(&values, SnapshotChoice::Latest)?;
        Ok(result_texts())
    }
}

/// Parses and analyses what a user has written, as any statement of theirs would be; `look` gets the plan, which nobody can execute.
pub(super) fn parsed<T>(sql: &str, look: impl FnOnce(&Plan) -> Result<T>) -> Result<T> {
    let _session = Session::open()?;
    let source = c_string(sql)?;
    let plan = with_position(&source, || Plan::prepare(sql, &[], Planning::Custom))?;
    look(&plan)
}

/// How often PostgreSQL should plan a statement anew.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Planning {
    /// Once for all values.
    Generic,
    /// Each time, with the values known.
    Custom,
}

/// Which state of the database a statement sees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SnapshotChoice {
    /// What any statement of the transaction would see.
    Current,
    /// Everything committed up to now, whatever the isolation level.
    Latest,
}

/// A prepared statement.
pub struct Plan(pg_sys::SPIPlanPtr);

/// An argument of a statement.
#[derive(Clone, Copy)]
pub struct Value {
    pub(super) datum: pg_sys::Datum,
    pub(super) null: bool,
}

impl Value {
    /// NULL, of any type.
    pub const NULL: Value = Value {
        datum: pg_sys::Datum::null(),
        null: true,
    };

    /// The number, of a value of type bigint; `None` for NULL.
    pub fn bigint(self) -> Option<i64> {
        (!self.null).then(|| self.datum.value() as i64)
    }

    /// A value of type bigint.
    pub fn of_bigint(number: i64) -> Value {
        Value {
            datum: pg_sys::Datum::from(number),
            null: false,
        }
    }

    /// Whether it is NULL.
    pub fn is_null(self) -> bool {
        self.null
    }

    /// Whether a value of type boolean is true.
    pub fn is_true(self) -> bool {
        !self.null && self.datum.value() as u8 != 0
    }

    /// A text, allocated in the current memory context.
    pub fn text(text: &str) -> Value {
        use pgrx::IntoDatum;
        Value {
            datum: text.into_datum().unwrap_or(pg_sys::Datum::from(0)),
            null: false,
        }
    }
}

impl Plan {
    /// The types of the columns that it returns.
    pub fn result_types(&self) -> Vec<pg_sys::Oid> {
        // SAFETY: the plan is valid; a statement that returns rows has their description.
        unsafe {
            let sources = pointers::<pg_sys::CachedPlanSource>(pg_sys::SPI_plan_get_plan_sources(self.0));
            let [source] = sources.as_slice() else {
                return Vec::new();
            };
            let descriptor = (**source).resultDesc;
            if descriptor.is_null() {
                return Vec::new();
            }
            let columns = 0..(*descriptor).natts.max(0) as usize;
            columns
                .map(|place| attribute(descriptor, place).atttypid)
                .collect()
        }
    }

    fn prepare(sql: &str, types: &[pg_sys::Oid], planning: Planning) -> Result<Plan> {
        let text = c_string(sql)?;
        let mut types = types.to_vec();
        let options = match planning {
            Planning::Generic => pg_sys::CURSOR_OPT_GENERIC_PLAN,
            Planning::Custom => pg_sys::CURSOR_OPT_CUSTOM_PLAN,
        };
        // SAFETY: connected; text and types are valid for the call.
        let plan = unsafe {
            pg_sys::SPI_prepare_cursor(
                text.as_ptr(),
                types.len() as i32,
                types.as_mut_ptr(),
                options as i32,
            )
        };
        if plan.is_null() {
            // SAFETY: reads a variable.
            return Err(failed(sql, unsafe { pg_sys::SPI_result }));
        }
        Ok(Plan(plan))
    }

    pub(super) fn raw(&self) -> pg_sys::SPIPlanPtr {
        self.0
    }

    /// Keeps the plan beyond the connection.
    pub fn keep(self) -> KeptPlan {
        // SAFETY: a plan made by `prepare` on the current connection.
        unsafe { pg_sys::SPI_keepplan(self.0) };
        KeptPlan(self)
    }

    /// Executes the statement; the triggers of what it writes fire before this returns.
    fn execute_any(&self, values: &[Value], snapshot: SnapshotChoice) -> Result<u64> {
        let mut datums: Vec<pg_sys::Datum> = values.iter().map(|value| value.datum).collect();
        let nulls: Vec<std::ffi::c_char> = values
            .iter()
            .map(|value| if value.null { b'n' } else { b' ' } as std::ffi::c_char)
            .collect();
        // SAFETY: connected; one value and null flag per parameter. A latest snapshot is registered while it is active.
        let code = unsafe {
            match snapshot {
                SnapshotChoice::Current => {
                    pg_sys::SPI_execute_plan(self.0, datums.as_mut_ptr(), nulls.as_ptr(), false, 0)
                }
                SnapshotChoice::Latest => {
                    pg_sys::CommandCounterIncrement();
                    let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
                    let code = pg_sys::SPI_execute_snapshot(
                        self.0,
                        datums.as_mut_ptr(),
                        nulls.as_ptr(),
                        snapshot,
                        std::ptr::null_mut(),
                        false,
                        true,
                        0,
                    );
                    pg_sys::UnregisterSnapshot(snapshot);
                    code
                }
            }
        };
        if code < 0 {
            Err(failed("a prepared statement", code))
        } else {
            Ok(processed())
        }
    }
}

/// A prepared statement that outlives its connection.
pub struct KeptPlan(Plan);

impl KeptPlan {
    /// Executes the statement; the triggers of what it writes fire before this returns.
    ///
    /// # Errors
    /// If SPI does.
    pub fn execute(
        &self,
        _connection: &Connection<'_>,
        values: &[Value],
        snapshot: SnapshotChoice,
    ) -> Result<u64> {
        self.0.execute_any(values, snapshot)
    }
}

impl Drop for KeptPlan {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: kept by `keep`; a plan in use is freed by the server when its last user is done.
            unsafe { pg_sys::SPI_freeplan(self.0.0) };
        }
    }
}

fn processed() -> u64 {
    // SAFETY: reads a variable.
    unsafe { pg_sys::SPI_processed }
}

fn failed(what: &str, code: i32) -> Error {
    // SAFETY: returns a static string for any code.
    let reason = unsafe { owned(pg_sys::SPI_result_code_string(code)) };
    Error::internal(format!("{what}: {reason}"))
}

/// All rows of the last result as text.
fn result_texts() -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    // SAFETY: the result table belongs to the current connection and has `SPI_processed` rows.
    unsafe {
        let table = pg_sys::SPI_tuptable;
        if table.is_null() {
            return rows;
        }
        let descriptor = (*table).tupdesc;
        for row in 0..pg_sys::SPI_processed as usize {
            interrupts::check();
            let tuple = *(*table).vals.add(row);
            let values = (1..=(*descriptor).natts).map(|column| {
                let text = pg_sys::SPI_getvalue(tuple, descriptor, column);
                (!text.is_null()).then(|| owned(text))
            });
            rows.push(values.collect());
        }
    }
    rows
}

/// The only row of the last result; `None` if there are none or several. The values live until [`forget_result`].
pub fn result_row() -> Option<Vec<Value>> {
    // SAFETY: as in `result_texts`.
    unsafe {
        let table = pg_sys::SPI_tuptable;
        if table.is_null() || pg_sys::SPI_processed != 1 {
            return None;
        }
        let descriptor = (*table).tupdesc;
        let tuple = *(*table).vals;
        let value = |column: i32| {
            let mut null = false;
            let datum = pg_sys::SPI_getbinval(tuple, descriptor, column, &mut null);
            Value { datum, null }
        };
        Some((1..=(*descriptor).natts).map(value).collect())
    }
}

/// All rows of the last result. The values live until [`forget_result`].
pub fn result_rows() -> Vec<Vec<Value>> {
    // SAFETY: as in `result_texts`.
    unsafe {
        let table = pg_sys::SPI_tuptable;
        if table.is_null() {
            return Vec::new();
        }
        let descriptor = (*table).tupdesc;
        let value = |tuple, column| {
            let mut null = false;
            let datum = pg_sys::SPI_getbinval(tuple, descriptor, column, &mut null);
            Value { datum, null }
        };
        let row = |number| {
            interrupts::check();
            let tuple = *(*table).vals.add(number);
            (1..=(*descriptor).natts)
                .map(|column| value(tuple, column))
                .collect()
        };
        (0..pg_sys::SPI_processed as usize).map(row).collect()
    }
}

/// Gives back the memory of the last result.
pub fn forget_result() {
    // SAFETY: does nothing for a null pointer; the variable is set to null by the function.
    unsafe { pg_sys::SPI_freetuptable(pg_sys::SPI_tuptable) }
}

/// Adds the rows of the last result, whose columns are a unit key, to a set of units. With `flagged`, a further column says
/// whether a row's key is known; true is returned if that is not so for some row.
pub fn result_into_units(units: &mut UnitSet, flagged: bool) -> bool {
    let mut unknown = false;
    // SAFETY: as in `result_texts`; the values are copied by the set, and the flag is a boolean.
    unsafe {
        let table = pg_sys::SPI_tuptable;
        if table.is_null() {
            return false;
        }
        let descriptor = (*table).tupdesc;
        let last = (*descriptor).natts;
        for row in 0..pg_sys::SPI_processed as usize {
            let tuple = *(*table).vals.add(row);
            let value = |column: i32| {
                let mut null = false;
                let datum = pg_sys::SPI_getbinval(tuple, descriptor, column, &mut null);
                (datum, null)
            };
            if flagged && value(last).0.value() == 0 {
                unknown = true;
            } else {
                units.add_with(|column| value(column as i32 + 1));
            }
        }
        pg_sys::SPI_freetuptable(table);
    }
    unknown
}
