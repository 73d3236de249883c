import ArgumentParser
import Surprisal

/// What may be read, and what of a damaged file is taken.
struct ReadingOptions: ParsableArguments {
  @Flag(
    help: "Take what a damaged file gives, with a warning in its record, instead of calling it unreadable.")
  var lenient = false

  @Flag(help: "Follow links out of the folders given.")
  var followSymlinks = false

  @Option(help: "Refuse images of more pixels (default \(ImageLimits().pixels)).")
  var maxPixels: Int?

  @Option(help: "Refuse larger files, in bytes (default \(ImageLimits().bytes)).")
  var maxBytes: Int?

  @Option(help: "Refuse images whose decoding holds more bytes at once (default \(ImageLimits().memory)).")
  var maxMemory: Int?

  func validate() throws {
    for (name, value) in [("pixels", maxPixels), ("bytes", maxBytes), ("memory", maxMemory)] {
      if let value, value < 1 { throw ValidationError("--max-\(name) must be at least 1") }
    }
  }

  var reading: ImageReading {
    var reading = ImageReading()
    reading.followsLinks = followSymlinks
    reading.decoder.isLenient = lenient
    if let maxPixels { reading.decoder.limits.pixels = maxPixels }
    if let maxBytes { reading.decoder.limits.bytes = maxBytes }
    if let maxMemory { reading.decoder.limits.memory = maxMemory }
    return reading
  }
}
