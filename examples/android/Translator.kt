// Translates with a `.tflite` file that `s2s-keras export` wrote. See README.md beside this file.

package org.example.translate

import android.content.res.AssetManager
import java.io.Closeable
import java.io.FileInputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.MappedByteBuffer
import java.nio.channels.FileChannel
import org.json.JSONObject
import org.tensorflow.lite.Interpreter

private const val END = 3

/** A SentencePiece model: README.md says where to get one. */
interface Tokenizer {
    /** The ids of a text, without begin and end. */
    fun encode(text: String): IntArray

    /** The text of ids; bytes that make no valid UTF-8 become U+FFFD. */
    fun decode(ids: IntArray): String
}

/**
 * A translation model.
 *
 * It is not safe to call from several threads at once, and takes milliseconds: call it from one
 * background thread.
 *
 * @param model the `.tflite` file, mapped into memory; see [mapAsset].
 * @param tokenizerOf makes a [Tokenizer] from the bytes of a SentencePiece model file.
 * @param threads for LiteRT. One is fastest for small models.
 * @throws IllegalArgumentException if the file is damaged, or another program's.
 */
class Translator(model: MappedByteBuffer, tokenizerOf: (ByteArray) -> Tokenizer, threads: Int = 1) :
    Closeable {
    private val files = filesBehind(model)
    private val description = JSONObject(String(file("s2s_keras.json"), Charsets.UTF_8))
    private val tokenizer = tokenizerOf(file("tokenizer.model"))
    private val interpreter = Interpreter(model, Interpreter.Options().setNumThreads(threads))
    private val maxLength = description.getInt("max_length")

    init {
        // Where an input is resized before its signature has ever run, LiteRT's first answer may be
        // wrong. So it runs once at the file's own width, for an empty source.
        val width = interpreter.getInputTensorFromSignature("source", "greedy").shape()[1]
        greedy(IntArray(width).also { it[0] = END })
    }

    /** Languages, ISO 639-1. */
    val source: String = description.getString("source")
    val target: String = description.getString("target")

    /**
     * The greedy translation of a text. White space around the text is ignored; an empty text has
     * an empty translation; a line break becomes a space. A text of more than `max_length` tokens
     * (the end token among them) is cut there.
     */
    fun translate(text: String): String {
        val pieces = tokenizer.encode(text.trim { it == ' ' || it in '\t'..'\r' })
        if (pieces.isEmpty()) return ""
        val ids = pieces.copyOf(minOf(pieces.size, maxLength - 1)) + END
        val tokens = greedy(ids).takeWhile { it != 0 && it != END }.toIntArray()
        return tokenizer.decode(tokens).replace(Regex("[\r\n]"), " ")
    }

    /** The tokens of a source; 0 follows the end token. */
    private fun greedy(ids: IntArray): IntArray {
        // An array resizes the input to its own shape, and the output must have the shape that
        // follows from it: a target has at most twice the source's tokens and eight more.
        val tokens = arrayOf(IntArray(minOf(2 * ids.size + 8, maxLength)))
        val inputs = mapOf<String, Any>("source" to arrayOf(ids))
        interpreter.runSignature(inputs, mapOf<String, Any>("tokens" to tokens), "greedy")
        return tokens[0]
    }

    override fun close() = interpreter.close()

    private fun file(name: String) =
        requireNotNull(files[name]) { "no file that s2s-keras export wrote: it lacks $name" }
}

/** A file of the app's assets, mapped into memory. It must not be compressed: see README.md. */
fun mapAsset(assets: AssetManager, name: String): MappedByteBuffer =
    assets.openFd(name).use { asset ->
        FileInputStream(asset.fileDescriptor).channel.map(
            FileChannel.MapMode.READ_ONLY,
            asset.startOffset,
            asset.declaredLength,
        )
    }

/**
 * The files in the ZIP archive behind a model, by name; none where there is no archive.
 *
 * Nothing in it is compressed. `java.util.zip.ZipFile` wants an archive at a file's beginning.
 */
private fun filesBehind(model: ByteBuffer): Map<String, ByteArray> {
    val bytes = model.duplicate().order(ByteOrder.LITTLE_ENDIAN)
    fun short(at: Int) = bytes.getShort(at).toInt() and 0xffff
    fun slice(at: Int, size: Int) =
        ByteArray(size).also { (bytes.duplicate().position(at) as ByteBuffer).get(it) }

    val end = bytes.capacity() - 22
    if (end < 0 || bytes.getInt(end) != 0x06054b50) return emptyMap()
    var entry = bytes.getInt(end + 16)
    return List(short(end + 10)) {
            val header = bytes.getInt(entry + 42)
            val start = header + 30 + short(header + 26) + short(header + 28)
            val name = String(slice(entry + 46, short(entry + 28)), Charsets.UTF_8)
            val content = slice(start, bytes.getInt(entry + 20))
            entry += 46 + short(entry + 28) + short(entry + 30) + short(entry + 32)
            name to content
        }
        .toMap()
}
