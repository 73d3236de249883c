/// Surprisal of one image under a population, in bits per dimension, with what it is made of.
public struct SurprisalEstimate: Sendable, Equatable {
  /// Prior + integral + decoder.
  public package(set) var bitsPerDim: Double
  /// Standard deviation of the Monte-Carlo part; nil with a single replicate, which shows none.
  public package(set) var standardError: Double?
  /// Degrees of freedom behind the standard error (Welch and Satterthwaite): its interval is Student's.
  public package(set) var degreesOfFreedom: Double?
  /// KL from the noisiest image to the prior, bits/dim.
  public package(set) var prior: Double
  /// Integral of the denoising errors over ln sigma, bits/dim.
  public package(set) var integral: Double
  /// Code length of the pixels given the least noisy image, bits/dim.
  public package(set) var decoder: Double
  /// Estimated integrand at each node, nats a value: mean squared error over sigma^2, less the control variate.
  /// Its quadrature is the integral. Chance can carry it below zero.
  public package(set) var integrand: [Double]
  /// Mean squared error over sigma^2 at each node as it was, averaged over replicates: what statistics compare.
  public package(set) var errors: [Double]
  /// Network evaluations spent.
  public package(set) var evaluations: Int
  /// Code length of the image under the Gaussian of the control variate, bits/dim; nil without one.
  public package(set) var gaussianBitsPerDim: Double?

  // What is there only where it was asked for (`Observation`).

  /// The errors by place and by scale (`.breakdown`).
  package var breakdown: ErrorBreakdown?
  /// Where errors lean one way (`.spots`).
  package var spots: [Spot]
  /// Length of the image's pixels as a PNG file, bits/dim (`.compressedLength`).
  package var compressedBitsPerDim: Double?
  /// Nil where the image was only evaluated.
  package var appearance: Appearance?
  /// Nil where no encoder looked.
  package var features: ImageFeatures?
  /// Share of each value in prior + integral + decoder, `[d]` bits, summing to `bitsPerDim * d` (`.map`).
  public package(set) var map: [Double]

  package init(
    bitsPerDim: Double = 0, standardError: Double? = nil, degreesOfFreedom: Double? = nil, prior: Double = 0,
    integral: Double = 0, decoder: Double = 0, integrand: [Double] = [], errors: [Double] = [],
    evaluations: Int = 0, gaussianBitsPerDim: Double? = nil, breakdown: ErrorBreakdown? = nil,
    spots: [Spot] = [], compressedBitsPerDim: Double? = nil, appearance: Appearance? = nil,
    features: ImageFeatures? = nil, map: [Double] = []
  ) {
    self.bitsPerDim = bitsPerDim
    self.standardError = standardError
    self.degreesOfFreedom = degreesOfFreedom
    self.prior = prior
    self.integral = integral
    self.decoder = decoder
    self.integrand = integrand
    self.errors = errors
    self.evaluations = evaluations
    self.gaussianBitsPerDim = gaussianBitsPerDim
    self.breakdown = breakdown
    self.spots = spots
    self.compressedBitsPerDim = compressedBitsPerDim
    self.appearance = appearance
    self.features = features
    self.map = map
  }
}
