import Foundation

/// How many of some numbers fall where, drawn as bars, those flagged apart.
struct Histogram {
  let caption: String
  /// Where bins begin and end, ascending.
  let edges: [Double]
  private(set) var counts: [(all: Int, flagged: Int)]
  /// A number beyond which all is flagged, where that lies among the edges.
  var limit: Double?
  /// How many a bin would hold if all were alike.
  var level: Double?

  init(
    _ values: [(value: Double, isFlagged: Bool)], caption: String, from low: Double, to high: Double,
    bins: Int
  ) {
    self.caption = caption
    edges = (0...bins).map { low + (high - low) * Double($0) / Double(bins) }
    counts = Array(repeating: (0, 0), count: bins)
    for (value, isFlagged) in values {
      // What lies outside, or is no number, is in the last bin on its side.
      let share = (value - low) / max(high - low, .leastNormalMagnitude)
      let bin = share.isNaN ? bins - 1 : Int(min(max(share * Double(bins), 0), Double(bins - 1)))
      counts[bin].all += 1
      if isFlagged { counts[bin].flagged += 1 }
    }
  }

  /// Shape: 400 wide from 10, 110 high to 120, heights by square root so that a few stand out beside many.
  private static let (left, width, floor, height) = (10.0, 400.0, 120.0, 105.0)

  private func top(_ count: Double) -> Double {
    let most = Double(max(counts.map(\.all).max() ?? 0, 1))
    return Self.height * (count / most).squareRoot()
  }

  private func place(_ value: Double) -> Double {
    let (low, high) = (edges[0], edges[edges.count - 1])
    return Self.left + Self.width * (value - low) / max(high - low, .leastNormalMagnitude)
  }

  private func figure(_ value: Double) -> String { String(format: "%.1f", value) }

  /// What templates take.
  var content: [String: Any] {
    var bars: [[String: Any]] = []
    for (bin, count) in counts.enumerated() where count.all > 0 {
      let x = place(edges[bin])
      let width = max(place(edges[bin + 1]) - x - 1, 1)
      let title = String(
        format: "%.4g to %.4g: %d images%@", edges[bin], edges[bin + 1], count.all,
        (count.flagged > 0 ? ", \(count.flagged) flagged" : "") as NSString)
      for (kind, number) in [("bar", count.all), ("odd", count.flagged)] where number > 0 {
        // At least a pixel, so that one image among a million is seen.
        let tall = max(top(Double(number)), 1.5)
        bars.append([
          "kind": kind, "x": figure(x), "y": figure(Self.floor - tall), "width": figure(width),
          "height": figure(tall), "title": title,
        ])
      }
    }
    var marks: [[String: Any]] = []
    if let level {
      let y = figure(Self.floor - top(level))
      marks.append([
        "kind": "level", "x1": figure(Self.left), "x2": figure(Self.left + Self.width), "y1": y, "y2": y,
      ])
    }
    if let limit, limit >= edges[0], limit <= edges[edges.count - 1] {
      let x = figure(place(limit))
      marks.append(["kind": "limit", "x1": x, "x2": x, "y1": "8", "y2": figure(Self.floor)])
    }
    let labels: [[String: Any]] = [(0, "start"), (edges.count / 2, "middle"), (edges.count - 1, "end")].map {
      index, anchor in
      [
        "x": figure(place(edges[index])), "y": "138", "anchor": anchor,
        "text": String(format: "%.3g", edges[index]),
      ]
    }
    let (all, flagged) = counts.reduce((0, 0)) { ($0.0 + $1.all, $0.1 + $1.flagged) }
    return [
      "caption": caption, "bars": bars, "marks": marks, "labels": labels,
      "label": "\(caption): \(all) images, \(flagged) of them flagged",
    ]
  }
}
