//! The table and the file.

use std::path::Path;

use serde_json::{Value, json};

use crate::Outcome;
use crate::drive::median;

/// What is asked of a figure.
#[derive(Clone, Copy, Debug)]
pub enum Floor {
    /// At least this share of the limit.
    Share(f64),
    /// At most so many times the limit.
    Times(f64),
    /// At least so many a second, whatever the limit.
    Rate(f64),
    /// At most so much, whatever the limit.
    Most(f64),
}

/// A figure beside its limit.
#[derive(Debug)]
pub struct Row {
    /// On which database.
    pub database: &'static str,
    /// What was done.
    pub work: String,
    /// In what both are counted.
    pub unit: &'static str,
    /// The product, turn by turn.
    pub product: Vec<f64>,
    /// What it is compared with.
    pub limit: &'static str,
    /// That, turn by turn.
    pub limits: Vec<f64>,
    /// What is asked.
    pub floor: Floor,
}

impl Row {
    fn ratio(&self) -> f64 {
        median(&self.product) / median(&self.limits)
    }

    fn holds(&self) -> bool {
        match self.floor {
            Floor::Share(share) => self.ratio() >= share,
            Floor::Times(times) => self.ratio() <= times,
            Floor::Rate(rate) => median(&self.product) >= rate,
            Floor::Most(most) => median(&self.product) <= most,
        }
    }

    fn verdict(&self) -> &'static str {
        if self.holds() { "OK" } else { "BELOW" }
    }

    fn asked(&self) -> String {
        match self.floor {
            Floor::Share(share) => format!(">= {share:.2}"),
            Floor::Times(times) => format!("<= {times:.1}"),
            Floor::Rate(rate) => format!(">= {rate:.0}/s"),
            Floor::Most(most) => format!("<= {most:.0} {}", self.unit),
        }
    }

    fn json(&self) -> Value {
        json!({
            "database": self.database,
            "work": self.work,
            "unit": self.unit,
            "product": median(&self.product),
            "product_turns": self.product,
            "limit": self.limit,
            "limit_value": median(&self.limits),
            "limit_turns": self.limits,
            "ratio": self.ratio(),
            "asked": self.asked(),
            "holds": self.holds(),
        })
    }
}

/// A figure as the table has it: small ones with a decimal.
fn figure(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// All figures of a run.
#[derive(Debug)]
pub struct Report {
    quick: bool,
    rows: Vec<Row>,
    /// What was not measured, and why.
    left_out: Vec<Value>,
}

impl Report {
    /// An empty one, with the table's head.
    pub fn new(quick: bool) -> Self {
        println!(
            "{:<10} {:<40} {:>10} {:<4} {:<26} {:>10} {:>6}  {:<10}",
            "database", "work", "product", "unit", "limit", "limit", "ratio", "asked"
        );
        Self { quick, rows: Vec::new(), left_out: Vec::new() }
    }

    /// Adds a figure and prints it.
    pub fn add(&mut self, row: Row) {
        println!(
            "{:<10} {:<40} {:>10} {:<4} {:<26} {:>10} {:>6.2}  {:<10} {}",
            row.database,
            row.work,
            figure(median(&row.product)),
            row.unit,
            row.limit,
            figure(median(&row.limits)),
            row.ratio(),
            row.asked(),
            row.verdict(),
        );
        self.rows.push(row);
    }

    /// Says that something is not measured, and why.
    pub fn leave_out(&mut self, database: &str, work: &str, why: &str) {
        println!("{database:<10} {work:<40} left out: {why}");
        self.left_out.push(json!({ "database": database, "work": work, "why": why }));
    }

    /// Writes all of it to `path` as JSON.
    pub fn write(&self, path: &Path) -> Outcome<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let cores = std::thread::available_parallelism()?.get();
        let rows: Vec<_> = self.rows.iter().map(Row::json).collect();
        let report = json!({
            "quick": self.quick,
            "cores": cores,
            "rows": rows,
            "left_out": self.left_out,
        });
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
        println!("written to {}", path.display());
        Ok(())
    }
}
