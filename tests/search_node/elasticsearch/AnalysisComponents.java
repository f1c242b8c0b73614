import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterGraphFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterIterator;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceCharFilter;
import org.apache.lucene.analysis.reverse.ReverseStringFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.AbstractCharFilterFactory;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * The analysis components that the domains' mappings name, for a node without Elasticsearch's module analysis-common.
 *
 * <p>That module of 7.17 is in the distribution only. Its components are settings read and handed to Lucene's classes, which
 * the node has: the names, settings and defaults here are the documented ones, so the domains meet the same terms.
 */
public final class AnalysisComponents extends Plugin implements AnalysisPlugin {

    @Override
    public Map<String, AnalysisProvider<CharFilterFactory>> getCharFilters() {
        return Map.of("pattern_replace", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) -> {
            Pattern pattern = Pattern.compile(settings.get("pattern"));
            String replacement = settings.get("replacement", "");
            return new AbstractCharFilterFactory(index, name) {
                @Override
                public java.io.Reader create(java.io.Reader reader) {
                    return new PatternReplaceCharFilter(pattern, replacement, reader);
                }
            };
        }));
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        return Map.of("keyword", (index, environment, name, settings) -> {
            int size = settings.getAsInt("buffer_size", 256);
            return TokenizerFactory.newFactory(name, () -> new KeywordTokenizer(size));
        });
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return Map.of(
            "asciifolding", (index, environment, name, settings) -> {
                boolean keeps = settings.getAsBoolean("preserve_original", false);
                return new NormalizingFilter(index, name, settings, stream -> new ASCIIFoldingFilter(stream, keeps));
            },
            "reverse", (index, environment, name, settings) ->
                new Filter(index, name, settings, ReverseStringFilter::new),
            "edge_ngram", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) -> {
                int least = settings.getAsInt("min_gram", 1);
                int most = settings.getAsInt("max_gram", 2);
                boolean keeps = settings.getAsBoolean("preserve_original", false);
                return new Filter(index, name, settings, stream -> new EdgeNGramTokenFilter(stream, least, most, keeps));
            }),
            "word_delimiter_graph", (index, environment, name, settings) -> {
                boolean adjusts = settings.getAsBoolean("adjust_offsets", true);
                int flags = wordDelimiterFlags(settings);
                return new Filter(index, name, settings, stream -> new WordDelimiterGraphFilter(
                    stream, adjusts, WordDelimiterIterator.DEFAULT_WORD_DELIM_TABLE, flags, CharArraySet.EMPTY_SET));
            });
    }

    private static int wordDelimiterFlags(Settings settings) {
        return flag(settings, "generate_word_parts", true, WordDelimiterGraphFilter.GENERATE_WORD_PARTS)
            | flag(settings, "generate_number_parts", true, WordDelimiterGraphFilter.GENERATE_NUMBER_PARTS)
            | flag(settings, "catenate_words", false, WordDelimiterGraphFilter.CATENATE_WORDS)
            | flag(settings, "catenate_numbers", false, WordDelimiterGraphFilter.CATENATE_NUMBERS)
            | flag(settings, "catenate_all", false, WordDelimiterGraphFilter.CATENATE_ALL)
            | flag(settings, "split_on_case_change", true, WordDelimiterGraphFilter.SPLIT_ON_CASE_CHANGE)
            | flag(settings, "split_on_numerics", true, WordDelimiterGraphFilter.SPLIT_ON_NUMERICS)
            | flag(settings, "preserve_original", false, WordDelimiterGraphFilter.PRESERVE_ORIGINAL)
            | flag(settings, "stem_english_possessive", true, WordDelimiterGraphFilter.STEM_ENGLISH_POSSESSIVE);
    }

    private static int flag(Settings settings, String name, boolean byDefault, int bit) {
        return settings.getAsBoolean(name, byDefault) ? bit : 0;
    }

    private static class Filter extends AbstractTokenFilterFactory {
        private final UnaryOperator<TokenStream> wrap;

        Filter(IndexSettings index, String name, Settings settings, UnaryOperator<TokenStream> wrap) {
            super(index, name, settings);
            this.wrap = wrap;
        }

        @Override
        public TokenStream create(TokenStream stream) {
            return wrap.apply(stream);
        }
    }

    /** One that is applied to the terms of prefixes and wildcards too. */
    private static final class NormalizingFilter extends Filter implements NormalizingTokenFilterFactory {
        NormalizingFilter(IndexSettings index, String name, Settings settings, UnaryOperator<TokenStream> wrap) {
            super(index, name, settings, wrap);
        }
    }
}
