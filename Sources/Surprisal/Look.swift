import Diffusion
import Foundation
import Images

/// What a network saw of an image, or why there is none to see: all that a scan needs of the file.
struct Look: Sendable {
  /// Why the image is unreadable.
  var error: String?
  var origin: ImageOrigin?
  var warning: String?
  /// At the size at which it was looked at; nil where it is unreadable.
  var bitmap: Bitmap?
  var measures: Measures?
  var estimate: SurprisalEstimate?

  func pack(_ packer: inout Packer) {
    packer.add(error)
    packer.add(origin) { $0.add($1) }
    packer.add(warning)
    packer.add(measures) { $0.add($1) }
    packer.add(bitmap) { packer, bitmap in
      for side in [bitmap.height, bitmap.width, bitmap.channels] { packer.add(side) }
      packer.add(bitmap.pixels)
    }
    packer.add(estimate) { $0.add($1) }
  }

  init() {}

  init(_ unpacker: inout Unpacker) throws(Unpacker.Cut) {
    error = try unpacker.takeIfThere(String.self)
    origin = try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in try unpacker.takeOrigin() }
    warning = try unpacker.takeIfThere(String.self)
    measures = try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in try unpacker.takeMeasures() }
    bitmap = try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in try unpacker.takeBitmap() }
    let (bitmap, measures) = (bitmap, measures)
    estimate = try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in
      try unpacker.takeEstimate(of: bitmap, measures)
    }
  }
}

extension Packer {
  mutating func add(_ origin: ImageOrigin) {
    add(origin.format)
    add(origin.width)
    add(origin.height)
  }

  mutating func add(_ measures: Measures) {
    add(measures.width)
    add(measures.height)
    for value in [
      measures.shadow, measures.brightness, measures.highlight, measures.contrast, measures.sharpness,
      measures.information, measures.colourfulness, measures.transparency,
    ] { add(value) }
  }

  /// All but the image itself and its map.
  mutating func add(_ estimate: SurprisalEstimate) {
    add(estimate.bitsPerDim)
    add(estimate.standardError)
    add(estimate.degreesOfFreedom)
    for value in [estimate.prior, estimate.integral, estimate.decoder] { add(value) }
    add(estimate.integrand)
    add(estimate.errors)
    add(estimate.evaluations)
    add(estimate.gaussianBitsPerDim)
    add(estimate.breakdown) { packer, breakdown in
      packer.add(breakdown.cells)
      packer.add(breakdown.bands)
    }
    add(each: estimate.spots) { packer, spot in
      for number in [spot.side, spot.row, spot.column] { packer.add(number) }
      packer.add(spot.isDark)
      packer.add(spot.strength)
    }
    add(estimate.compressedBitsPerDim)
    add(estimate.appearance) { packer, appearance in
      packer.add(appearance.activations)
      packer.add(appearance.eyes) { packer, eyes in
        packer.add(eyes.activations)
        packer.add(eyes.logProbabilities)
      }
      packer.add(appearance.damage) { packer, damage in
        for number in [damage.form.rows, damage.form.columns, damage.form.features, damage.form.middle] {
          packer.add(number)
        }
        packer.add(damage.features)
      }
    }
  }
}

extension Unpacker {
  mutating func takeOrigin() throws(Cut) -> ImageOrigin {
    ImageOrigin(format: try take(String.self), width: try take(), height: try take())
  }

  mutating func takeMeasures() throws(Cut) -> Measures {
    Measures(
      width: try take(), height: try take(), shadow: try take(), brightness: try take(),
      highlight: try take(),
      contrast: try take(), sharpness: try take(), information: try take(), colourfulness: try take(),
      transparency: try take())
  }

  mutating func takeBitmap() throws(Cut) -> Bitmap {
    let shape = ImageShape(height: try take(), width: try take(), channels: try take())
    let pixels = try take([UInt8].self)
    guard shape.height > 0, shape.width > 0, shape.channels > 0, pixels.count == shape.count else {
      throw Cut()
    }
    return Bitmap(shape: shape, pixels: pixels)
  }

  mutating func takeEstimate(of image: Bitmap?, _ measures: Measures?) throws(Cut) -> SurprisalEstimate {
    guard let image else { throw Cut() }
    var estimate = SurprisalEstimate(bitsPerDim: try take())
    estimate.standardError = try takeIfThere()
    estimate.degreesOfFreedom = try takeIfThere()
    estimate.prior = try take()
    estimate.integral = try take()
    estimate.decoder = try take()
    estimate.integrand = try take([Double].self)
    estimate.errors = try take([Double].self)
    estimate.evaluations = try take()
    estimate.gaussianBitsPerDim = try takeIfThere()
    estimate.breakdown = try takeIfThere { unpacker throws(Cut) in
      ErrorBreakdown(
        grid: ErrorBreakdown.Grid(image.shape), cells: try unpacker.take([Float].self),
        bands: try unpacker.take([Float].self))
    }
    estimate.spots = try takeEach { unpacker throws(Cut) in
      let (side, row, column) = (
        try unpacker.take(Int.self), try unpacker.take(Int.self), try unpacker.take(Int.self)
      )
      return Spot(
        side: side, isDark: try unpacker.take(Bool.self), strength: try unpacker.take(), row: row,
        column: column)
    }
    estimate.compressedBitsPerDim = try takeIfThere()
    estimate.appearance = try takeIfThere { unpacker throws(Cut) in
      Appearance(
        image: image, activations: try unpacker.take([Float].self),
        eyes: try unpacker.takeIfThere { unpacker throws(Cut) in
          EyeLook(
            activations: try unpacker.take([Float].self), logProbabilities: try unpacker.take([Float].self))
        },
        damage: try unpacker.takeIfThere { unpacker throws(Cut) in
          DamageLook(
            form: DamageForm(
              rows: try unpacker.take(), columns: try unpacker.take(), features: try unpacker.take(),
              middle: try unpacker.take()), features: try unpacker.take([Float].self))
        }, measures: measures)
    }
    return estimate
  }
}
