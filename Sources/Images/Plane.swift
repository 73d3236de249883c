import Foundation

/// One channel of an image as numbers, or a map that goes with one: `[height, width]`.
package struct Plane: Sendable, Equatable {
  package let height: Int
  package let width: Int
  package var values: [Float]

  package init(height: Int, width: Int, values: [Float]) {
    precondition(values.count == height * width, "values of a plane")
    (self.height, self.width, self.values) = (height, width, values)
  }

  /// - Parameter value: by row and column.
  package init(height: Int, width: Int, value: (_ y: Int, _ x: Int) -> Float) {
    self.init(
      height: height, width: width,
      values: [Float](unsafeUninitializedCapacity: height * width) { buffer, filled in
        for y in 0..<height { for x in 0..<width { buffer[y * width + x] = value(y, x) } }
        filled = height * width
      })
  }

  package var mean: Float { values.reduce(0, +) / Float(max(values.count, 1)) }

  package var variance: Float {
    let mean = mean
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(max(values.count, 1))
  }

  /// Of two planes of one size, value by value.
  package func merged(_ other: Plane, _ body: (Float, Float) -> Float) -> Plane {
    precondition(height == other.height && width == other.width)
    var result = self
    for i in values.indices { result.values[i] = body(values[i], other.values[i]) }
    return result
  }

  package func map(_ body: (Float) -> Float) -> Plane {
    Plane(height: height, width: width, values: values.map(body))
  }

  static func - (a: Plane, b: Plane) -> Plane { a.merged(b, -) }
  static func + (a: Plane, b: Plane) -> Plane { a.merged(b, +) }
  static func * (a: Plane, b: Float) -> Plane { a.map { $0 * b } }

  // MARK: Smoothing

  /// By which factor a plane may be made smaller before a blur that wide, so that the blur there is of few values still.
  static func coarseness(_ sigma: Float, height: Int, width: Int) -> Int {
    var factor = 1
    while sigma / Float(factor) > 2.5, height % (2 * factor) == 0, width % (2 * factor) == 0 { factor *= 2 }
    return factor
  }

  /// A Gaussian blur, the edge repeated; a wide one is of means over squares and interpolated.
  /// - Parameter sigma: in pixels.
  package func blurred(_ sigma: Float) -> Plane {
    let factor = Self.coarseness(sigma, height: height, width: width)
    guard factor > 1 else { return directlyBlurred(sigma) }
    return shrunk(factor).coarselyBlurred(sigma, factor)
  }

  /// What is left of the blur when the plane is smaller by the factor already: squares and interpolation blur by themselves.
  func coarselyBlurred(_ sigma: Float, _ factor: Int) -> Plane {
    let rest = max((sigma / Float(factor)) * (sigma / Float(factor)) - 0.3, 0.2).squareRoot()
    return directlyBlurred(rest).enlarged(factor)
  }

  private func directlyBlurred(_ sigma: Float) -> Plane {
    let reach = Int(3 * sigma)
    var kernel = (-reach...reach).map { exp(-Float($0 * $0) / (2 * sigma * sigma)) }
    let total = kernel.reduce(0, +)
    for k in kernel.indices { kernel[k] /= total }
    return blurredDown(kernel, reach).transposed.blurredDown(kernel, reach).transposed
  }

  /// Rows are added up whole: the inner loop runs along memory.
  private func blurredDown(_ kernel: [Float], _ reach: Int) -> Plane {
    var result = Plane(height: height, width: width, values: [Float](repeating: 0, count: values.count))
    values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          for (k, weight) in kernel.enumerated() {
            let from = min(max(y + k - reach, 0), height - 1) * width
            for x in 0..<width { target[y * width + x] += weight * source[from + x] }
          }
        }
      }
    }
    return result
  }

  package var transposed: Plane {
    values.withUnsafeBufferPointer { source in
      Plane(height: width, width: height) { y, x in source[x * width + y] }
    }
  }

  /// Means over squares of a side that divides both of the plane's.
  package func shrunk(_ factor: Int) -> Plane {
    var result = Plane(height: height / factor, width: width / factor) { _, _ in 0 }
    let share = 1 / Float(factor * factor)
    for y in 0..<result.height * factor {
      for x in 0..<result.width * factor {
        result.values[y / factor * result.width + x / factor] += share * values[y * width + x]
      }
    }
    return result
  }

  /// Interpolated between the centres of its values, the edge repeated.
  private func enlarged(_ factor: Int) -> Plane {
    func places(_ count: Int) -> [Between] {
      (0..<count * factor).map { Between((Float($0) + 0.5) / Float(factor) - 0.5, of: count) }
    }
    return interpolated(rows: places(height), columns: places(width))
  }

  /// A place between two values of a row or column.
  private struct Between {
    let low: Int
    let high: Int
    /// Of the high one.
    let share: Float

    init(_ place: Float, of count: Int) {
      let inside = min(max(place, 0), Float(count - 1))
      low = Int(inside)
      high = min(low + 1, count - 1)
      share = inside - Float(low)
    }
  }

  private func interpolated(rows: [Between], columns: [Between]) -> Plane {
    values.withUnsafeBufferPointer { v in
      Plane(height: rows.count, width: columns.count) { y, x in
        let (r, c) = (rows[y], columns[x])
        func along(_ row: Int) -> Float {
          let from = v[row * width + c.low]
          return from + c.share * (v[row * width + c.high] - from)
        }
        let top = along(r.low)
        return top + r.share * (along(r.high) - top)
      }
    }
  }

  // MARK: Moving

  /// Rolled around: what was at (rows, columns) comes first.
  func rolled(rows: Int, columns: Int) -> Plane {
    values.withUnsafeBufferPointer { v in
      Plane(height: height, width: width) { y, x in v[(y + rows) % height * width + (x + columns) % width] }
    }
  }

  var turnedHalf: Plane { Plane(height: height, width: width, values: values.reversed()) }

  package var mirrored: Plane {
    values.withUnsafeBufferPointer { v in
      Plane(height: height, width: width) { y, x in v[y * width + width - 1 - x] }
    }
  }

  package var upsideDown: Plane {
    values.withUnsafeBufferPointer { v in
      Plane(height: height, width: width) { y, x in v[(height - 1 - y) * width + x] }
    }
  }

  /// Seen `scale` times as far apart, from the middle moved by shares of half a side; what leaves the plane is mirrored.
  func sampled(scale: Float, down: Float, across: Float) -> Plane {
    func places(_ count: Int, _ offset: Float) -> [Between] {
      (0..<count).map {
        let half = Float(count) / 2
        let place = (Float($0) + 0.5 - half) * scale + offset * half + half
        // Mirrored at the outer edges of the outermost values.
        let folded = abs(place.truncatingRemainder(dividingBy: Float(2 * count)))
        return Between(min(folded, Float(2 * count) - folded) - 0.5, of: count)
      }
    }
    return interpolated(rows: places(height, down), columns: places(width, across))
  }
}

extension Bitmap {
  /// Its channels on the scale -1...1.
  package var planes: [Plane] {
    (0..<channels).map { channel in
      pixels.withUnsafeBufferPointer { pixels in
        Plane(height: height, width: width) { y, x in
          Float(pixels[(y * width + x) * channels + channel]) / 127.5 - 1
        }
      }
    }
  }

  /// - Parameter planes: at least one, all of one size, on the scale -1...1.
  package init(_ planes: [Plane]) {
    let (channels, size) = (planes.count, planes[0])
    var pixels = [UInt8](repeating: 0, count: channels * size.values.count)
    for (channel, plane) in planes.enumerated() {
      for (i, value) in plane.values.enumerated() {
        pixels[i * channels + channel] = UInt8(min(max(((value + 1) * 127.5).rounded(), 0), 255))
      }
    }
    self.init(width: size.width, height: size.height, channels: channels, pixels: pixels)
  }
}
