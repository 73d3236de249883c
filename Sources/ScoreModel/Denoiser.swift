/// An estimate of the clean image given a noisy one: yhat(z, t), E[y | t, z] where it is exact.
///
/// The network is one; a finite or Gaussian population with its exact E[y | t, z] is another, so everything built
/// on denoisers can be proved on populations whose probabilities are known.
public protocol Denoiser {
  /// Values an image holds, d.
  var valuesPerImage: Int { get }

  /// Denoises images that share one noise level.
  ///
  /// - Parameters:
  ///   - noisy: z, `[N, d]` on the scale -1...1.
  ///   - sigma: standard deviation of the noise in z.
  /// - Returns: yhat, `[N, d]`. Row i depends on row i alone.
  func denoise(_ noisy: [Float], sigma: Float) throws -> [Float]
}
