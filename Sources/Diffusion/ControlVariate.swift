import Foundation
import Images
import ScoreModel

/// Zero-mean companions of a denoising error, on the same noise: what they explain of its chance is taken off.
///
/// For an image y and noise eps at sigma, each feature below has expectation 0 over eps in closed form, whatever y
/// is and whatever the denoiser does, so subtracting any multiple of it leaves the estimate unbiased. The multiples
/// are learned per noise level (`IntegrandSurvey`).
///
/// - **Gaussian** (MATH, "Control variate"): the error of the linear denoiser of N(mu, S), with S diagonal in the
///   orthonormal DCT of each of three fixed colour axes. With c = DCT(y - mu), n = DCT(eps), a = S / (S + sigma^2):
///   `|| (1-a) c / sigma - a n ||^2` less its mean, `sum -2 (1-a) a c n / sigma + a^2 (n^2 - 1)`.
/// - **Squares by texture**: `sum of eps_i^2 - 1` over the values of one texture class. Where the population leaves
///   a value free, yhat follows z and the error is the noise itself.
/// - **Grid by texture**: below one grey level, the squared error of the 8-bit grid's own posterior
///   (`Preconditioning.gridPosterior`) less its mean, by texture class: which values noise carries to a neighbour.
package struct ControlVariate: Sendable {
  package let shape: ImageShape
  /// Population mean, `[d]`.
  let mean: [Float]
  /// Population variance of each transform coefficient, `[d]`, the transform's layout (channel, row, column).
  package let spectrum: [Float]
  private let rows: [Float]
  private let columns: [Float]

  /// Texture classes: saturated values, then by the largest difference to a neighbour.
  static let classes = 4
  /// Features: squares and grid for each class, and the Gaussian.
  package static let count = 2 * classes + 1

  /// - Parameter spectrum: `[d]`, as `spectrum(of:shape:mean:)` measures it.
  package init(shape: ImageShape, mean: [Float], spectrum: [Float]) {
    self.shape = shape
    self.mean = mean
    self.spectrum = spectrum
    rows = Self.cosines(shape.height)
    columns = Self.cosines(shape.width)
  }

  /// Fits the Gaussian to 8-bit images, of which at most 4096 evenly spread ones are used.
  package init(fitting images: ImageBatch, mean: [Float]) {
    let shape = images.shape
    let d = shape.count
    self.init(shape: shape, mean: mean, spectrum: [Float](repeating: 0, count: d))
    var sum = [Double](repeating: 0, count: d)
    let used = stride(from: 0, to: images.count, by: max(1, images.count / 4096))
    for image in used {
      let clean = images.pixels(of: image).map { Float($0) / 127.5 - 1 }
      for (k, c) in transform(zip(clean, mean).map { $0 - $1 }).enumerated() { sum[k] += Double(c * c) }
    }
    let n = Double(max(Array(used).count, 1))
    self.init(shape: shape, mean: mean, spectrum: sum.map { Float($0 / n) })
  }

  /// What an image brings to its features.
  package struct Image: Sendable {
    /// Texture class of each value.
    let texture: [UInt8]
    /// DCT(y - mu).
    let coefficients: [Float]
  }

  /// What a draw of noise brings, the same for every image.
  package struct Draw: Sendable {
    let sigma: Double
    /// eps^2 - 1, `[d]`.
    let squares: [Float]
    /// Grid error less its mean, `[d]`; empty where the grid cannot be seen.
    let grid: [Float]
    /// DCT(eps).
    let coefficients: [Float]
    /// S / (S + sigma^2).
    let shrinkage: [Float]
  }

  func image(_ clean: ArraySlice<Float>) -> Image {
    let y = Array(clean)
    return Image(texture: texture(y), coefficients: transform(zip(y, mean).map { $0 - $1 }))
  }

  func draw(_ noise: [Float], sigma: Double) -> Draw {
    let t = Float(sigma * sigma)
    var grid: [Float] = []
    if Float(sigma) < Preconditioning.gridVisibleBelow {
      let mean = Float(Self.gridMoments(sigma).mean)
      grid = noise.map { Self.gridError($0, sigma: Float(sigma)) - mean }
    }
    return Draw(
      sigma: sigma, squares: noise.map { $0 * $0 - 1 }, grid: grid, coefficients: transform(noise),
      shrinkage: spectrum.map { $0 / ($0 + t) })
  }

  /// The features of one image under one draw, `[count]`, in units of the integrand (squared error / sigma^2).
  func features(_ image: Image, _ draw: Draw) -> [Double] {
    var features = [Double](repeating: 0, count: Self.count)
    for i in image.texture.indices { features[Int(image.texture[i])] += Double(draw.squares[i]) }
    if !draw.grid.isEmpty {
      for i in image.texture.indices {
        features[Self.classes + Int(image.texture[i])] += Double(draw.grid[i])
      }
    }
    let scale = Float(-2 / draw.sigma)
    var gaussian = 0.0
    for k in image.coefficients.indices {
      let a = draw.shrinkage[k]
      let n = draw.coefficients[k]
      gaussian += Double(a * (scale * (1 - a) * image.coefficients[k] * n + a * (n * n - 1)))
    }
    features[2 * Self.classes] = gaussian
    return features
  }

  /// Code length of the image under N(mu, S), bits/dim: the density of its values dequantised by uniform noise of one
  /// grey level, whose variance a twelfth of a grey level squared is added to S.
  func bitsPerDim(_ image: Image) -> Double {
    let grey = Double(Preconditioning.greyLevel)
    var nats = 0.0
    for (c, s) in zip(image.coefficients, spectrum) {
      let variance = Double(s) + grey * grey / 12
      nats += 0.5 * (Double(c * c) / variance + log(2 * Double.pi * variance)) - log(grey)
    }
    return nats / (log(2) * Double(image.coefficients.count))
  }

  /// Variance of each feature over the noise, in closed form but for the grid's integral.
  func variances(_ image: Image, _ draw: Draw) -> [Double] {
    var variances = [Double](repeating: 0, count: Self.count)
    let grid = draw.grid.isEmpty ? 0 : Self.gridMoments(draw.sigma).variance
    for texture in image.texture {
      variances[Int(texture)] += 2
      variances[Self.classes + Int(texture)] += grid
    }
    for (c, a) in zip(image.coefficients, draw.shrinkage) {
      let linear = Double(2 * (1 - a) * a * c) / draw.sigma
      variances[2 * Self.classes] += linear * linear + 2 * Double(a * a * a * a)
    }
    return variances
  }

  /// `multiples . features`, value by value, `[d]`: what a map subtracts.
  func map(_ image: Image, _ draw: Draw, multiples: [Double]) -> [Double] {
    let a = draw.shrinkage
    let bias = inverse(image.coefficients.indices.map { (1 - a[$0]) * image.coefficients[$0] })
    let noise = inverse(a.indices.map { a[$0] * draw.coefficients[$0] })
    // The Gaussian's mean is spread evenly: exact in sum, which is what the estimate takes.
    let mean = a.reduce(0) { $0 + Double($1 * $1) } / Double(a.count)
    let scale = -2 / draw.sigma
    return image.texture.indices.map { i in
      let c = Int(image.texture[i])
      let gaussian = scale * Double(bias[i] * noise[i]) + Double(noise[i] * noise[i]) - mean
      return multiples[c] * Double(draw.squares[i])
        + (draw.grid.isEmpty ? 0 : multiples[Self.classes + c] * Double(draw.grid[i]))
        + multiples[2 * Self.classes] * gaussian
    }
  }

  // MARK: Texture

  /// 0 black or white; then 1, 2, 3 by the largest difference to the eight neighbours: up to 0.05, 0.15, above.
  private func texture(_ y: [Float]) -> [UInt8] {
    let (h, w, c) = (shape.height, shape.width, shape.channels)
    var classes = [UInt8](repeating: 0, count: y.count)
    for row in 0..<h {
      for column in 0..<w {
        for channel in 0..<c {
          let own = y[(row * w + column) * c + channel]
          if abs(own) > 0.999 { continue }
          var most: Float = 0
          for r in max(row - 1, 0)...min(row + 1, h - 1) {
            for s in max(column - 1, 0)...min(column + 1, w - 1) {
              most = max(most, abs(y[(r * w + s) * c + channel] - own))
            }
          }
          classes[(row * w + column) * c + channel] = most <= 0.05 ? 1 : most <= 0.15 ? 2 : 3
        }
      }
    }
    return classes
  }

  // MARK: Grid

  /// Squared error over sigma^2 of the grid's posterior mean at x_v + sigma eps, far from 0 and 255.
  private static func gridError(_ noise: Float, sigma: Float) -> Float {
    // The posterior moves with z by whole grey levels, so any v serves; v = 0 is at -1.
    let error = (Preconditioning.gridPosterior(sigma * noise - 1, sigma: sigma).mean + 1) / sigma
    return error * error
  }

  /// Its mean and variance over eps, by the trapezoidal rule on -8...8, whose error is far below float32's for a
  /// smooth integrand that vanishes at both ends.
  private static func gridMoments(_ sigma: Double) -> (mean: Double, variance: Double) {
    let steps = 4000
    var mean = 0.0
    var square = 0.0
    for index in 0...steps {
      let x = -8 + 16 * Double(index) / Double(steps)
      let weight = exp(-x * x / 2) * 16 / Double(steps) / (2 * Double.pi).squareRoot()
      let error = Double(gridError(Float(x), sigma: Float(sigma)))
      mean += weight * error
      square += weight * error * error
    }
    return (mean, square - mean * mean)
  }

  // MARK: Transform

  /// Orthonormal cosines, `[n, n]`, one frequency a row.
  private static func cosines(_ n: Int) -> [Float] {
    (0..<n * n).map { index in
      let (k, x) = (Double(index / n), Double(index % n))
      let scale = (k == 0 ? 1 / Double(n) : 2 / Double(n)).squareRoot()
      return Float(scale * cos(Double.pi * (x + 0.5) * k / Double(n)))
    }
  }

  /// Orthonormal colour axes: lightness and two differences.
  private static let axes: [[Float]] = [
    [Float(1.0 / 3).squareRoot(), Float(1.0 / 3).squareRoot(), Float(1.0 / 3).squareRoot()],
    [Float(0.5).squareRoot(), 0, -Float(0.5).squareRoot()],
    [Float(1.0 / 6).squareRoot(), -2 * Float(1.0 / 6).squareRoot(), Float(1.0 / 6).squareRoot()],
  ]

  /// `[height, width, channels]` to coefficients `[channel, row, column]`; keeps lengths and angles.
  func transform(_ x: [Float]) -> [Float] {
    let (h, w, c) = (shape.height, shape.width, shape.channels)
    var result = [Float](repeating: 0, count: x.count)
    for channel in 0..<c {
      var plane = [Float](repeating: 0, count: h * w)
      for pixel in 0..<h * w {
        plane[pixel] =
          c == 3
          ? Self.axes[channel][0] * x[3 * pixel] + Self.axes[channel][1] * x[3 * pixel + 1]
            + Self.axes[channel][2] * x[3 * pixel + 2]
          : x[pixel * c + channel]
      }
      let half = Self.product(plane, h, w, columns, transposed: true)
      let whole = Self.product(rows, h, h, half, transposed: false)
      result.replaceSubrange(channel * h * w..<(channel + 1) * h * w, with: whole)
    }
    return result
  }

  func inverse(_ x: [Float]) -> [Float] {
    let (h, w, c) = (shape.height, shape.width, shape.channels)
    var result = [Float](repeating: 0, count: x.count)
    for channel in 0..<c {
      let plane = Array(x[channel * h * w..<(channel + 1) * h * w])
      let half = Self.product(plane, h, w, columns, transposed: false)
      // rows^T * half
      let turned = (0..<h * h).map { rows[$0 % h * h + $0 / h] }
      let whole = Self.product(turned, h, h, half, transposed: false)
      for pixel in 0..<h * w {
        if c == 3 {
          for k in 0..<3 { result[3 * pixel + k] += Self.axes[channel][k] * whole[pixel] }
        } else {
          result[pixel * c + channel] = whole[pixel]
        }
      }
    }
    return result
  }

  /// `a [n, m]` times `b`, or times its transpose where b is square `[m, m]`.
  private static func product(_ a: [Float], _ n: Int, _ m: Int, _ b: [Float], transposed: Bool) -> [Float] {
    let width = b.count / m
    var result = [Float](repeating: 0, count: n * width)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        result.withUnsafeMutableBufferPointer { result in
          for row in 0..<n {
            for k in 0..<m {
              let factor = a[row * m + k]
              for column in 0..<width {
                result[row * width + column] +=
                  factor * (transposed ? b[column * m + k] : b[k * width + column])
              }
            }
          }
        }
      }
    }
    return result
  }
}
