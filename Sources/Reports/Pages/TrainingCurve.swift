import Foundation

/// Held-out bits/dim over the steps of a training, as a drawing: a line, the spread of its means, and what it was to fall
/// below.
struct TrainingCurve {
  let points: [(step: Int, bits: Double, error: Double)]
  let goal: Double?
  let chosen: Int

  /// Shape: 600 wide from 60, 200 high from 10.
  private static let (left, width, top, height) = (60.0, 600.0, 10.0, 200.0)

  /// From the lowest to the highest mean with its error; up to the goal where that is not far above.
  var range: (low: Double, high: Double) {
    let low = points.map { $0.bits - $0.error }.min() ?? 0
    var high = points.map { $0.bits + $0.error }.max() ?? 1
    if let goal, goal > high, goal - low < 3 * (high - low) { high = goal }
    let margin = max(0.04 * (high - low), 1e-6)
    return (low - margin, high + margin)
  }

  private var lastStep: Double { Double(max(points.last?.step ?? 1, 1)) }

  func x(_ step: Int) -> Double { Self.left + Self.width * Double(step) / lastStep }

  func y(_ bits: Double) -> Double {
    let (low, high) = range
    return Self.top + Self.height * (high - bits) / (high - low)
  }

  private func figure(_ value: Double) -> String { String(format: "%.1f", value) }

  private func path(_ places: [(Double, Double)]) -> String {
    places.map { "\(figure($0.0)),\(figure($0.1))" }.joined(separator: " ")
  }

  /// What templates take.
  var content: [String: Any] {
    let (low, high) = range
    let above = points.map { (x($0.step), y($0.bits + $0.error)) }
    let below = points.map { (x($0.step), y($0.bits - $0.error)) }
    var content: [String: Any] = [
      "line": path(points.map { (x($0.step), y($0.bits)) }),
      "band": path(above + below.reversed()),
      "dots": points.map { point -> [String: Any] in
        [
          "x": figure(x(point.step)), "y": figure(y(point.bits)),
          "kind": point.step == chosen ? "chosen" : "dot", "radius": point.step == chosen ? "5" : "2.5",
          "title": String(
            format: "step %d: %.3f +- %.3f bits/dim%@", point.step, point.bits, point.error,
            (point.step == chosen ? ", the model's" : "") as NSString),
        ]
      },
      "levels": (0...4).map { mark -> [String: Any] in
        let bits = low + (high - low) * Double(mark) / 4
        return ["y": figure(y(bits)), "text": String(format: high - low < 0.1 ? "%.3f" : "%.2f", bits)]
      },
      "ticks": [0, Int(lastStep) / 2, Int(lastStep)].map { step -> [String: Any] in
        ["x": figure(x(step)), "text": "\(step)"]
      },
      "label": label,
    ]
    if let goal, goal <= high, goal >= low {
      content["goal"] = ["y": figure(y(goal)), "text": String(format: "before training %.3f", goal)]
    } else if let goal {
      content["beyond"] = String(format: "Before training it was %.3f, beyond the drawing.", goal)
    } else {
      content["beyond"] = "Knowing nothing costs 8 bits/dim."
    }
    return content
  }

  private var label: String {
    guard let first = points.first, let last = points.last else { return "no validation" }
    return String(
      format:
        "Held-out bits per dimension over steps: %.3f at step %d, %.3f at step %d, the model's at step %d",
      first.bits, first.step, last.bits, last.step, chosen)
  }
}
