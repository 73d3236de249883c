import Diffusion
import Foundation

/// One number an image is judged by; higher is odder. Fitted on images of the population, then frozen.
public protocol Statistic: Sendable {
  /// - Throws: `CalibrationError` when the images cannot determine it.
  init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError)
  func score(_ estimate: SurprisalEstimate) -> Double
  /// What a model file keeps, by name.
  var tensors: [String: [Double]] { get }
  /// The statistic that kept these tensors.
  /// - Parameter tensor: a tensor by name, of a certain count where one is given.
  init(tensor: (String, Int?) throws -> [Double]) throws
}

/// A density of some features of an image's errors.
protocol ErrorDensity: Statistic {
  /// An image's features, standardised by their own mean and deviation over the population.
  func standardised(_ estimate: SurprisalEstimate) -> [Double]
}

/// What keeps scores from becoming verdicts.
public enum CalibrationError: Error, Equatable, CustomStringConvertible {
  /// Fewer references than the rate needs: at least 1/fpr - 1.
  case tooFewReferences(found: Int, needed: Int, rate: Double)
  case tooFewToFit(found: Int, needed: Int)
  case invalidRate(Double)
  case notFinite

  public var description: String {
    switch self {
    case .tooFewReferences(let found, let needed, let rate):
      "\(found) reference images cannot support an error rate of \(rate): at least \(needed) are needed"
    case .tooFewToFit(let found, let needed):
      "\(found) images are too few to calibrate with: at least \(needed) are needed"
    case .invalidRate(let rate): "error rate \(rate) is not between 0 and 1"
    case .notFinite: "a score is not a finite number"
    }
  }
}

/// The statistics a model is calibrated for.
public enum StatisticName: String, Codable, Sendable, CaseIterable {
  /// Joint, bands and spatial together: the default.
  case combined
  /// Density of the logarithms of the errors at each noise level, together with the image's size as a PNG file.
  case joint
  /// Density of those logarithms alone (after MSMA, arXiv 2010.13132).
  case profile
  /// Density of those errors by scale and direction.
  case bands
  /// Density of those errors by place in the image.
  case spatial
  /// Strength of the image's spots: places whose errors lean one way.
  case local
  /// Bits per dimension: high is odd.
  case surprisal
  /// Distance of bits per dimension from the population's mean, in its standard deviations: both ends are odd.
  case typicality
  /// Bits per dimension less those of a lossless code: what the population's model spends beyond a general one.
  case complexity
  /// Bits per dimension less those of the Gaussian fitted to the same images: a likelihood ratio.
  case ratio
}

/// Bits per dimension.
public struct SurprisalStatistic: Statistic {
  public init() {}
  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {}
  public init(tensor: (String, Int?) throws -> [Double]) {}
  public var tensors: [String: [Double]] { [:] }
  public func score(_ estimate: SurprisalEstimate) -> Double { estimate.bitsPerDim }
}

/// Two-sided bits per dimension.
public struct TypicalityStatistic: Statistic {
  public let mean: Double
  public let deviation: Double

  public init(mean: Double, deviation: Double) {
    self.mean = Double(Float(mean))
    self.deviation = Double(Float(deviation))
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    guard estimates.count >= 2 else { throw .tooFewToFit(found: estimates.count, needed: 2) }
    let n = Double(estimates.count)
    let mean = estimates.reduce(0) { $0 + $1.bitsPerDim } / n
    let square = estimates.reduce(0) { $0 + ($1.bitsPerDim - mean) * ($1.bitsPerDim - mean) }
    // Constant scores have no scale of their own: any difference then counts as it is.
    self.init(mean: mean, deviation: square > 0 ? (square / (n - 1)).squareRoot() : 1)
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    let values = try tensor("moments", 2)
    self.init(mean: values[0], deviation: values[1])
  }

  public var tensors: [String: [Double]] { ["moments": [mean, deviation]] }

  public func score(_ estimate: SurprisalEstimate) -> Double {
    abs(estimate.bitsPerDim - mean) / deviation
  }
}

/// Bits/dim less those of a lossless general-purpose code of the pixels, after Serra et al. 2020 ("Input complexity
/// and out-of-distribution detection with likelihood-based generative models", equation 3): simple images, which any
/// model gives few bits, lose their advantage.
public struct ComplexityStatistic: Statistic {
  public init() {}
  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {}
  public init(tensor: (String, Int?) throws -> [Double]) {}
  public var tensors: [String: [Double]] { [:] }
  public func score(_ estimate: SurprisalEstimate) -> Double {
    estimate.bitsPerDim - (estimate.compressedBitsPerDim ?? 0)
  }
}

/// Bits/dim less those of the Gaussian N(mu, S) of the control variate, fitted to the same training images: a
/// likelihood ratio against what second moments alone explain (after Ren et al. 2019, "Likelihood ratios for
/// out-of-distribution detection").
public struct RatioStatistic: Statistic {
  public init() {}
  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {}
  public init(tensor: (String, Int?) throws -> [Double]) {}
  public var tensors: [String: [Double]] { [:] }
  public func score(_ estimate: SurprisalEstimate) -> Double {
    estimate.bitsPerDim - (estimate.gaussianBitsPerDim ?? 0)
  }
}
