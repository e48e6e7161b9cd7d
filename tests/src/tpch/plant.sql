-- With the parameters of the specification the queries select next to nothing of small data. So a share of the rows is moved into what
-- they select, before there are any tviews.
UPDATE part SET p_type = 'ECONOMY ANODIZED STEEL' WHERE p_partkey % 20 = 1;
UPDATE part SET p_size = 15, p_type = 'STANDARD PLATED BRASS' WHERE p_partkey % 20 = 2;
UPDATE part SET p_brand = 'Brand#23', p_container = 'MED BOX', p_size = 5 WHERE p_partkey % 20 = 3;
UPDATE part SET p_brand = 'Brand#12', p_container = 'SM CASE', p_size = 3 WHERE p_partkey % 20 = 4;
UPDATE part SET p_brand = 'Brand#34', p_container = 'LG BOX', p_size = 10 WHERE p_partkey % 20 = 5;
UPDATE part SET p_name = 'forest misty' WHERE p_partkey % 20 = 6;
UPDATE part SET p_name = 'dim green linen' WHERE p_partkey % 20 = 7;
-- Canada, Germany, India, Saudi Arabia, France, Brazil, and Germany again.
UPDATE supplier SET s_nationkey = ('{3,7,8,20,6,2,7}'::integer[])[s_suppkey % 7 + 1];
UPDATE supplier SET s_comment = 'the Customer had many Complaints' WHERE s_suppkey % 9 = 5;
UPDATE customer SET c_nationkey = ('{8,6,7,2,24}'::integer[])[c_custkey % 5 + 1] WHERE c_custkey % 3 = 0;
UPDATE lineitem SET l_quantity = 50
 WHERE l_orderkey % 4 = 0
   AND l_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING count(*) = 7);
UPDATE lineitem SET l_shipinstruct = 'DELIVER IN PERSON', l_shipmode = 'AIR'
 WHERE l_linenumber <= 3 AND l_partkey % 20 IN (3, 4, 5);
UPDATE lineitem SET l_quantity = 10 * (l_partkey % 20 - 2) WHERE l_linenumber = 1 AND l_partkey % 20 IN (3, 4, 5);
UPDATE lineitem SET l_quantity = 1 WHERE l_linenumber = 2 AND l_partkey % 20 IN (3, 4);
