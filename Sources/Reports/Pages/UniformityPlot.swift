import Foundation

/// P-values against what they promise: the share of images with p-values up to each level, and the band in which all of it
/// lies for 95 of 100 sets where the promise is kept.
struct UniformityPlot {
  private let values: TrainingPage.Uniformity

  init(_ values: TrainingPage.Uniformity) { self.values = values }

  /// Kolmogorov's 95 % point: the largest distance of two samples' distributions in units of sqrt(1/n + 1/m).
  static let bound = 1.358

  /// Half the band's height, as a share.
  var reach: Double {
    let (n, m) = (Double(max(values.pValues.count, 1)), Double(max(values.references, 1)))
    return Self.bound * (1 / n + 1 / m).squareRoot()
  }

  /// Shape: a square of 200 from (40, 10).
  private static let (left, top, side) = (40.0, 10.0, 200.0)

  private func place(_ level: Double, _ share: Double) -> String {
    String(
      format: "%.1f,%.1f", Self.left + Self.side * min(max(level, 0), 1),
      Self.top + Self.side * (1 - min(max(share, 0), 1)))
  }

  /// The steps of the distribution function.
  private var line: String {
    let n = Double(max(values.pValues.count, 1))
    var places = [place(0, 0)]
    for (index, value) in values.pValues.enumerated() {
      places.append(place(value, Double(index) / n))
      places.append(place(value, Double(index + 1) / n))
    }
    return (places + [place(1, 1)]).joined(separator: " ")
  }

  /// What templates take.
  var content: [String: Any] {
    let reach = reach
    // Where the band meets the square's upper and lower side.
    let band = [
      place(0, 0), place(0, reach), place(1 - reach, 1), place(1, 1), place(1, 1 - reach), place(reach, 0),
    ]
    let agrees = values.test >= 0.05
    return [
      "caption": values.caption, "line": line, "band": band.joined(separator: " "),
      "diagonal": "\(place(0, 0)) \(place(1, 1))",
      "verdict": String(
        format: agrees ? "Uniform as far as these tell (p %.2g)." : "Not uniform (p %.2g).", values.test),
      "alarm": !agrees,
      "label": String(
        format: "%d p-values; %.0f %% are below 0.05, %.0f %% below 0.5", values.pValues.count,
        100 * share(below: 0.05), 100 * share(below: 0.5)),
      "ticks": [0, 0.5, 1].map { level -> [String: Any] in
        let x = Self.left + Self.side * level
        let y = Self.top + Self.side * (1 - level)
        return ["x": String(format: "%.1f", x), "y": String(format: "%.1f", y + 4), "text": "\(level)"]
      },
    ]
  }

  func share(below level: Double) -> Double {
    Double(values.pValues.count { $0 <= level }) / Double(max(values.pValues.count, 1))
  }
}
