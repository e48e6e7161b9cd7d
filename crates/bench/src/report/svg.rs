//! Two kinds of chart on a logarithmic axis, drawn as SVG without any library: nothing but text and rectangles.

use std::fmt::Write as _;

/// One kind of bar or dot.
#[derive(Clone, Debug)]
pub struct Series {
    /// The name in the legend.
    pub name: String,
    /// A CSS colour.
    pub colour: &'static str,
}

/// A row of dots or a group of bars: one value for each series, where there is one.
#[derive(Clone, Debug)]
pub struct Group {
    /// The name at the axis.
    pub label: String,
    /// In the order of the series.
    pub values: Vec<Option<f64>>,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Above the chart.
    pub title: String,
    /// Below the title: the unit, and which direction is good.
    pub subtitle: String,
    /// The kinds of bars.
    pub series: Vec<Series>,
    /// The groups of bars.
    pub groups: Vec<Group>,
    /// Brings a value into words.
    pub shown: fn(f64) -> String,
}

const FONT: &str = "font-family=\"system-ui, 'DejaVu Sans', sans-serif\"";
const WIDTH: f64 = 960.0;
const TOP: f64 = 84.0;

/// Text for XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

impl Plot {
    /// The powers of ten that enclose all values; nothing if there is no value to show.
    fn decades(&self) -> Option<(i32, i32)> {
        let values = || {
            self.groups
                .iter()
                .flat_map(|group| &group.values)
                .flatten()
                .filter(|value| **value > 0.0)
        };
        let min = values().copied().reduce(f64::min)?;
        let max = values().copied().reduce(f64::max)?;
        let low = min.log10().floor() as i32;
        Some((low, (max.log10().ceil() as i32).max(low + 1)))
    }

    fn head(&self, height: f64) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" role=\"img\" {FONT}>\n<title>{title}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"24\" y=\"30\" font-size=\"18\" font-weight=\"600\" fill=\"#1a1a1a\">{title}</text>\n\
             <text x=\"24\" y=\"50\" font-size=\"12\" fill=\"#666\">{}</text>\n",
            escaped(&self.subtitle),
            title = escaped(&self.title),
        );
        let mut x = 24.0;
        for series in &self.series {
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"61\" width=\"11\" height=\"11\" rx=\"2\" fill=\"{}\"/>\
                 <text x=\"{}\" y=\"71\" font-size=\"12\" fill=\"#333\">{}</text>",
                series.colour,
                x + 16.0,
                escaped(&series.name)
            );
            x += 34.0 + 6.6 * series.name.chars().count() as f64;
        }
        svg
    }

    /// Groups of upright bars.
    pub fn bars(&self) -> Option<String> {
        const LEFT: f64 = 76.0;
        const BOTTOM: f64 = 400.0;
        let (low, high) = self.decades()?;
        let scale = (BOTTOM - TOP - 20.0) / f64::from(high - low);
        let y_of = |value: f64| BOTTOM - (value.log10() - f64::from(low)).max(0.0) * scale;
        let mut svg = self.head(BOTTOM + 40.0);
        for decade in low..=high {
            let value = 10_f64.powi(decade);
            let _ = writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#e3e3e3\"/>\
                 <text x=\"{}\" y=\"{:.1}\" font-size=\"11\" fill=\"#666\" text-anchor=\"end\">{}</text>",
                WIDTH - 20.0,
                LEFT - 8.0,
                y_of(value) + 4.0,
                power(decade),
                y = y_of(value),
            );
        }
        let group_width = (WIDTH - LEFT - 20.0) / self.groups.len().max(1) as f64;
        let bar_width = (group_width * 0.86 / self.series.len().max(1) as f64).min(64.0);
        for (index, group) in self.groups.iter().enumerate() {
            let middle = LEFT + (index as f64 + 0.5) * group_width;
            let start = middle - bar_width * self.series.len() as f64 / 2.0;
            self.group_of_bars(&mut svg, group, start, bar_width, BOTTOM, &y_of);
            let _ = writeln!(
                svg,
                "<text x=\"{middle:.1}\" y=\"{}\" font-size=\"13\" fill=\"#333\" text-anchor=\"middle\">{}</text>",
                BOTTOM + 22.0,
                escaped(&group.label)
            );
        }
        svg.push_str("</svg>\n");
        Some(svg)
    }

    fn group_of_bars(
        &self,
        svg: &mut String,
        group: &Group,
        start: f64,
        width: f64,
        bottom: f64,
        y_of: &dyn Fn(f64) -> f64,
    ) {
        for (index, (series, value)) in self.series.iter().zip(&group.values).enumerate() {
            let Some(value) = value.filter(|value| *value > 0.0) else {
                continue;
            };
            let (x, y) = (start + index as f64 * width, y_of(value));
            let shown = (self.shown)(value);
            let _ = writeln!(
                svg,
                "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\" fill=\"{}\">\
                 <title>{}, {}: {shown}</title></rect>\
                 <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{:.1}\" fill=\"#333\" text-anchor=\"middle\">{shown}</text>",
                x + 1.0,
                width - 2.0,
                (bottom - y).max(1.0),
                series.colour,
                escaped(&group.label),
                escaped(&series.name),
                x + width / 2.0,
                y - 4.0,
                (width / 4.2).clamp(6.5, 11.0),
            );
        }
    }

    /// One line for each group, with a dot for each series.
    pub fn dots(&self) -> Option<String> {
        const LEFT: f64 = 290.0;
        const LINE: f64 = 26.0;
        let (low, high) = self.decades()?;
        let scale = (WIDTH - LEFT - 40.0) / f64::from(high - low);
        let x_of = |value: f64| LEFT + (value.log10() - f64::from(low)) * scale;
        let bottom = TOP + 12.0 + LINE * self.groups.len() as f64;
        let mut svg = self.head(bottom + 34.0);
        for decade in low..=high {
            let x = x_of(10_f64.powi(decade));
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\" stroke=\"#e3e3e3\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" font-size=\"11\" fill=\"#666\" text-anchor=\"middle\">{}</text>",
                bottom + 18.0,
                power(decade)
            );
        }
        for (index, group) in self.groups.iter().enumerate() {
            let y = TOP + 12.0 + LINE * (index as f64 + 0.5);
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{:.1}\" font-size=\"12\" fill=\"#333\" text-anchor=\"end\">{}</text>",
                LEFT - 12.0,
                y + 4.0,
                escaped(&group.label)
            );
            for (series, value) in self.series.iter().zip(&group.values).rev() {
                let Some(value) = value.filter(|value| *value > 0.0) else {
                    continue;
                };
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"6\" fill=\"{}\" fill-opacity=\"0.85\" stroke=\"#fff\">\
                     <title>{}, {}: {}</title></circle>",
                    x_of(value),
                    series.colour,
                    escaped(&group.label),
                    escaped(&series.name),
                    (self.shown)(value)
                );
            }
        }
        svg.push_str("</svg>\n");
        Some(svg)
    }
}

/// A power of ten as people write it.
fn power(decade: i32) -> String {
    if decade < 0 {
        format!("{:.*}", decade.unsigned_abs() as usize, 10_f64.powi(decade))
    } else {
        super::figures::grouped(10_f64.powi(decade))
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, Plot, Series};

    fn plot(values: Vec<Option<f64>>) -> Plot {
        let series = values
            .iter()
            .map(|_| Series {
                name: "a < b & c".to_owned(),
                colour: "#123456",
            })
            .collect();
        Plot {
            title: "One \"update\"".to_owned(),
            subtitle: "ms".to_owned(),
            series,
            groups: vec![Group {
                label: "small".to_owned(),
                values,
            }],
            shown: |value| format!("{value:.2}"),
        }
    }

    #[test]
    fn every_value_is_drawn_and_text_is_escaped() {
        for svg in [
            plot(vec![Some(0.07), None, Some(3904.0)]).bars(),
            plot(vec![Some(0.07), None, Some(3904.0)]).dots(),
        ] {
            let svg = svg.expect("a chart");
            assert!(svg.contains(": 0.07<") && svg.contains(": 3904.00<"), "{svg}");
            assert!(
                svg.contains("a &lt; b &amp; c") && !svg.contains("a < b"),
                "{svg}"
            );
            assert!(svg.contains(">0.01<") && svg.contains(">10,000<"), "axis: {svg}");
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        }
    }

    #[test]
    fn nothing_to_show_is_no_chart() {
        assert!(plot(vec![None, Some(0.0)]).bars().is_none());
        assert!(plot(vec![]).dots().is_none());
    }
}
