import Foundation
import Images

/// Turns of phrase that statistics explain images with.
package enum Wording {
  /// The run of neighbouring levels around the most unusual one that deviates the same way at least half as far.
  ///
  /// - Parameter z: deviation at each noise level, in standard deviations from the population's mean.
  package static func levels(sigmas: [Double], z: [Double]) -> String {
    guard let peak = z.indices.max(by: { abs(z[$0]) < abs(z[$1]) }) else { return "" }
    let same = { (k: Int) in z[k] * z[peak] > 0 && abs(z[k]) >= abs(z[peak]) / 2 }
    var first = peak
    var last = peak
    while first > 0, same(first - 1) { first -= 1 }
    while last + 1 < z.count, same(last + 1) { last += 1 }
    return "\(scale(sigmas[peak])) (\(range(sigmas[first], sigmas[last]))) \(side(z[peak]))"
  }

  /// What images show at a noise level.
  static func scale(_ sigma: Double) -> String {
    switch sigma {
    case ..<0.05: "fine texture"
    case ..<0.5: "shapes and edges"
    default: "layout and tone"
    }
  }

  static func range(_ low: Double, _ high: Double) -> String {
    func short(_ value: Double) -> String { String(format: "%.2g", value) }
    return low == high ? "sigma \(short(low))" : "sigma \(short(low))-\(short(high))"
  }

  static func side(_ z: Double) -> String {
    let way = z > 0 ? "above reference: more surprising" : "below reference: simpler than the population"
    return "\(String(format: "%.1f", abs(z))) sd \(way)"
  }

  /// Where in the image, in thirds.
  static func place(row: Int, of rows: Int, column: Int, of columns: Int, in form: EstimateForm) -> String {
    third(row, of: rows, column, of: columns, in: form) + (form.isAligned ? " as aligned" : "")
  }

  /// In thirds of the places; of a part of an image in those of the image.
  private static func third(
    _ row: Int, of rows: Int, _ column: Int, of columns: Int, in form: EstimateForm
  ) -> String {
    guard form.frame != nil else { return third(row, of: rows, column, of: columns) }
    let (x, y, width, height) = middle(row, of: rows, column, of: columns, in: form)
    return third(y, of: height, x, of: width)
  }

  /// The pixel in the middle of a place of a grid, and the size of the image that it is a pixel of: the one that was looked at, or the
  /// larger one that this was a part of.
  private static func middle(
    _ row: Int, of rows: Int, _ column: Int, of columns: Int, in form: EstimateForm
  ) -> (x: Int, y: Int, width: Int, height: Int) {
    let whole = (form.shape.width, form.shape.height)
    let frame =
      form.frame
      ?? EstimateForm.Frame(
        x: 0, y: 0, width: whole.0, height: whole.1, imageWidth: whole.0, imageHeight: whole.1)
    return (
      frame.x + (2 * column + 1) * frame.width / (2 * max(columns, 1)),
      frame.y + (2 * row + 1) * frame.height / (2 * max(rows, 1)), frame.imageWidth, frame.imageHeight
    )
  }

  private static func third(_ row: Int, of rows: Int, _ column: Int, of columns: Int) -> String {
    func third(_ index: Int, of count: Int, _ names: [String]) -> String {
      names[min(3 * index / max(count, 1), 2)]
    }
    return third(row, of: rows, ["top", "middle", "bottom"]) + " "
      + third(column, of: columns, ["left", "centre", "right"])
  }

  /// A place of a grid over an image, and the pixel in its middle.
  static func spot(_ place: Int, rows: Int, columns: Int, in form: EstimateForm) -> String {
    let (row, column) = (place / columns, place % columns)
    let (x, y, width, height) = middle(row, of: rows, column, of: columns, in: form)
    let third = third(row, of: rows, column, of: columns, in: form)
    return "\(third) (around \(x), \(y) of \(width)x\(height)\(form.isAligned ? " as aligned" : ""))"
  }

  /// What was looked at, before what is said of all of it: nothing where that is a whole image that was looked at by parts as well, as then
  /// all words are of the whole.
  static func all(of form: EstimateForm) -> String {
    guard let frame = form.frame else { return "as a whole " }
    guard !frame.isWhole else { return "" }
    let (x, y, width, height) = middle(0, of: 1, 0, of: 1, in: form)
    return "the tile around \(x), \(y) of \(width)x\(height): "
  }

  /// First and last noise level of one of the groups that statistics average nodes into (`Levels`).
  static func ends(_ level: Int, of levels: Int, _ sigmas: [Double]) -> (low: Double, high: Double) {
    let first = level * sigmas.count / max(levels, 1)
    let last = (level + 1) * sigmas.count / max(levels, 1) - 1
    return (sigmas[first], sigmas[max(last, first)])
  }
}
