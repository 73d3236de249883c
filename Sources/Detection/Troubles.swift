import Foundation
import Images

/// How images of a folder or population measure ordinarily, and how unusual one is beside them in each way that has a name.
///
/// Fits are robust: one image in five may be in trouble without the others seeming so. Where all images are alike, each
/// feature's blur says what counts as different; where they come in two kinds, neither is odd.
package struct Troubles: Sendable, Equatable {
  /// Of every trouble that has a feature.
  private let nulls: [Trouble: MeasureNull]
  /// Images wider than high, and higher than wide.
  private let wide: Int
  private let upright: Int

  /// Images that a fit needs.
  package static let fewest = 30

  /// - Throws: `CalibrationError.tooFewToFit`.
  package init(fitting images: [Measures]) throws(CalibrationError) {
    guard images.count >= Self.fewest else {
      throw .tooFewToFit(found: images.count, needed: Self.fewest)
    }
    var nulls: [Trouble: MeasureNull] = [:]
    for trouble in Trouble.measured {
      guard let feature = trouble.feature else { continue }
      nulls[trouble] = MeasureNull(
        fitting: images.map(feature.value), side: trouble.side, blur: feature.blur)
    }
    self.nulls = nulls
    wide = images.count { $0.width > $0.height }
    upright = images.count { $0.width < $0.height }
  }

  /// Probability that an ordinary image is at least as far to the trouble's side.
  package func pValue(_ trouble: Trouble, _ measures: Measures) -> Double {
    guard let feature = trouble.feature, let null = nulls[trouble] else { return turned(measures) }
    return null.pValue(feature.value(measures))
  }

  package func pValues(_ measures: Measures) -> [Trouble: Double] {
    Dictionary(uniqueKeysWithValues: Trouble.measured.map { ($0, pValue($0, measures)) })
  }

  /// Conformal, of those two kinds: images of no rarer one than its own.
  private func turned(_ measures: Measures) -> Double {
    guard measures.width != measures.height else { return 1 }
    let (own, other) = measures.width > measures.height ? (wide, upright) : (upright, wide)
    return own <= other ? Double(1 + own) / Double(1 + own + other) : 1
  }

  /// What a person reads beside the trouble's name: "brightest 1 % at 31 of 255, ordinarily 190 to 255".
  package func words(_ trouble: Trouble, _ measures: Measures) -> String {
    guard let feature = trouble.feature, let null = nulls[trouble] else {
      let (own, kind) = measures.width > measures.height ? (wide, "wide") : (upright, "upright")
      return "\(kind), as \(own) of \(wide + upright) are"
    }
    return feature.words(measures, low: null.ordinary.low, high: null.ordinary.high)
  }

  package var tensors: [String: [Double]] {
    var all = ["turned": [Double(wide), Double(upright)]]
    for (trouble, null) in nulls {
      for (name, values) in null.tensors { all["\(trouble.key).\(name)"] = values }
    }
    return all
  }

  /// - Parameter tensor: a tensor by name, of a certain count where one is given.
  package init(tensor: (String, Int?) throws -> [Double]) throws {
    var nulls: [Trouble: MeasureNull] = [:]
    for trouble in Trouble.measured where trouble.feature != nil {
      let null = try MeasureNull { try tensor("\(trouble.key).\($0)", $1) }
      guard null.isRegular, null.law.side == trouble.side else {
        throw CalibrationError.unsuitable("what was measured of \(trouble.rawValue) is no distribution")
      }
      nulls[trouble] = null
    }
    self.nulls = nulls
    let turned = try tensor("turned", 2)
    guard let wide = Int(exactly: turned[0]), let upright = Int(exactly: turned[1]), wide >= 0, upright >= 0
    else { throw CalibrationError.unsuitable("the counts of wide and upright images are no counts") }
    self.wide = wide
    self.upright = upright
  }
}

extension Trouble.Feature {
  /// - Parameters:
  ///   - low, high: between which ordinary values lie, as `value` has them.
  func words(_ measures: Measures, low: Double, high: Double) -> String {
    let found = text(measure(value(measures)))
    let ends = (text(measure(low)), text(measure(high)))
    let ordinary = "ordinarily " + (ends.0 == ends.1 ? ends.0 : "\(ends.0) to \(ends.1)")
    let size = "\(measures.width) x \(measures.height)"
    return switch self {
    case .highlight: "brightest 1 % at \(found) of 255, \(ordinary)"
    case .shadow: "darkest 1 % at \(found) of 255, \(ordinary)"
    case .sharpness: "sharpness of edges \(found), \(ordinary)"
    case .information: "\(found) bits a pixel, \(ordinary)"
    case .aspect: "\(size), one side \(found) times the other, \(ordinary)"
    case .size: "\(size), as a square \(found) pixels wide, \(ordinary)"
    case .colour: "colourfulness \(found), \(ordinary)"
    case .transparency: "\(found) transparent, \(ordinary)"
    }
  }

  private func text(_ measure: Double) -> String {
    switch self {
    case .highlight, .shadow, .size, .colour: String(format: "%.0f", measure)
    case .information: String(format: "%.1f", measure)
    case .sharpness, .aspect: String(format: "%.2f", measure)
    case .transparency: String(format: "%.0f %%", 100 * measure)
    }
  }
}
