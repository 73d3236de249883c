import Foundation
import Images

/// What may be wrong with an image as a photograph, whatever it shows. `rawValue` is the word that people read.
public enum Trouble: String, CaseIterable, Codable, Sendable {
  case dark
  case bright
  case blurry
  case lowInformation = "low information"
  case oddAspect = "odd aspect"
  case oddSize = "odd size"
  /// Upright among wide images, or wide among upright ones.
  case turned
  /// Without colours among images that have them.
  case gray
  /// With colours among gray images, or stronger ones than others have.
  case colour
  /// See-through among images that are not, or the other way round.
  case transparent
  /// Of another spectrum than the others: noise, blocks, patterns (`SpectrumStatistic`).
  case texture = "odd texture"

  /// Those whose p-values can be small.
  package static let named = allCases.filter { $0 != .turned }
  /// Those that are told by `Measures`.
  static let measured = allCases.filter { $0 != .texture }
  /// Its part in the names of tensors.
  var key: String { rawValue.replacingOccurrences(of: " ", with: "-") }

  /// What is looked at; nil where images are counted instead.
  var feature: Feature? {
    switch self {
    case .dark: .highlight
    case .bright: .shadow
    case .blurry: .sharpness
    case .lowInformation: .information
    case .oddAspect: .aspect
    case .oddSize: .size
    case .turned, .texture: nil
    case .gray, .colour: .colour
    case .transparent: .transparency
    }
  }

  /// On which side of the others trouble lies.
  var side: EmpiricalNull.Side {
    switch self {
    case .dark, .blurry, .lowInformation, .gray: .low
    case .bright, .colour, .texture: .high
    case .oddAspect, .oddSize, .turned, .transparent: .both
    }
  }

  /// A number that images differ by, on a scale on which equal differences look equally large.
  enum Feature: String, CaseIterable {
    case highlight, shadow, sharpness, information, aspect, size, colour, transparency

    func value(_ measures: Measures) -> Double {
      switch self {
      case .highlight: log(measures.highlight + Self.black)
      case .shadow: -log(255 - measures.shadow + Self.black)
      case .sharpness: log(max(measures.sharpness * measures.sharpness - Self.ramp, 0) + Self.least)
      case .information: log(measures.information + Self.noise)
      // Upright and wide images are alike here; `turned` tells them apart.
      case .aspect: abs(log(Double(measures.width) / Double(measures.height)))
      case .size: 0.5 * log(Double(measures.width) * Double(measures.height))
      case .colour: log1p(measures.colourfulness)
      case .transparency: measures.transparency
      }
    }

    /// What was measured where `value` is this; of `aspect` the longer side as a multiple of the shorter, of `size` the side
    /// of a square of as many pixels.
    func measure(_ value: Double) -> Double {
      switch self {
      case .highlight: min(max(exp(value) - Self.black, 0), 255)
      case .shadow: min(max(255 + Self.black - exp(-value), 0), 255)
      case .sharpness: max(exp(value) - Self.least + Self.ramp, Self.ramp).squareRoot()
      case .information: max(exp(value) - Self.noise, 0)
      case .aspect: exp(max(value, 0))
      case .size: exp(value)
      case .colour: max(expm1(value), 0)
      case .transparency: min(max(value, 0), 1)
      }
    }

    /// Grey levels that black and white have anyway: light counts by its ratios, but not between next to nothing.
    private static let black = 16.0
    /// The square of the sharpness of ramps, the least there is, and what is no further from it than nobody sees.
    private static let ramp = 1.0 / 3
    private static let least = 0.01
    /// Bits a pixel that say nothing.
    private static let noise = 0.5

    /// What nobody minds, even where all others are alike, as a standard deviation.
    var blur: Double {
      switch self {
      case .highlight, .shadow, .sharpness: 0.1
      case .information, .aspect, .size: 0.05
      case .colour: 0.2
      // Share of the area.
      case .transparency: 0.02
      }
    }
  }
}
